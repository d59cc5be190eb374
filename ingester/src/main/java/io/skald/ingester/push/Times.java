/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.push;

import io.skald.core.model.ErrorCode;
import io.skald.core.model.RequestException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;

/** Times as clients write them and as messages show them. */
final class Times {
    private Times() {}

    /** @throws RequestException if the time is outside of what 64 bits of nanoseconds hold */
    static long nanos(long seconds, long nanos) {
        try {
            return Math.addExact(Math.multiplyExact(seconds, 1_000_000_000L), nanos);
        } catch (ArithmeticException e) {
            throw new RequestException(
                    ErrorCode.BAD_REQUEST, "timestamp out of range: " + seconds + " s " + nanos + " ns", e);
        }
    }

    /** RFC 3339 with whole seconds, UTC. */
    static String show(long nanos) {
        return DateTimeFormatter.ISO_INSTANT.format(Instant.ofEpochSecond(Math.floorDiv(nanos, 1_000_000_000L))
                .atOffset(ZoneOffset.UTC)
                .truncatedTo(ChronoUnit.SECONDS));
    }
}
