/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.eval;

import io.skald.core.model.Labels;
import io.skald.core.model.TenantId;
import java.util.List;

/** What recording rules computed at one moment; a series that is no longer there is NaN with {@link #STALE}'s bits. */
public record Recorded(TenantId tenant, Labels labels, long atNanos, double value) {
    /** The NaN by which Prometheus knows that a series has ended. */
    public static final double STALE = Double.longBitsToDouble(0x7ff0000000000002L);

    public Recorded {
        if (labels.isEmpty()) {
            throw new IllegalArgumentException("a recorded series has a name");
        }
    }

    /** Takes the results of recording rules. */
    public interface Sink {
        void record(List<Recorded> samples);
    }

    public boolean stale() {
        return Double.doubleToRawLongBits(value) == 0x7ff0000000000002L;
    }
}
