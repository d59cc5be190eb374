/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.metric;

import io.skald.core.model.ErrorCode;
import io.skald.core.model.RequestException;
import java.util.concurrent.atomic.AtomicLong;

/** Bounds what one metric query keeps in memory, in cells of eight bytes. Thread-safe. */
public final class MemoryBudget {
    /** What a series costs beside its values: labels, map entry, objects. */
    static final int SERIES_CELLS = 64;

    private final long limit;
    private final AtomicLong used = new AtomicLong();

    public MemoryBudget(long cells) {
        this.limit = cells;
    }

    /** @throws RequestException if the query holds too much */
    void charge(long cells) {
        if (used.addAndGet(cells) > limit) {
            throw new RequestException(
                    ErrorCode.BAD_REQUEST,
                    "the query needs more memory than the limit of " + limit * 8 / (1024 * 1024)
                            + " MiB; select fewer series, a shorter time range or a larger step");
        }
    }
}
