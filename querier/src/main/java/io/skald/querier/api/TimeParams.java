/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.api;

import io.skald.core.http.HttpRequest;
import io.skald.core.model.ErrorCode;
import io.skald.core.model.RequestException;
import io.skald.logql.parser.DurationText;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;

/** Times and durations as clients write them. */
final class TimeParams {
    static final long SECOND = 1_000_000_000L;
    private static final long HOUR = 3600 * SECOND;

    /** A range of time, nanoseconds since the epoch. */
    record Range(long startNanos, long endNanos) {}

    private TimeParams() {}

    /** {@code start}, {@code end} and {@code since}: by default the last hour. */
    static Range range(HttpRequest request, long nowNanos) {
        long end = bound(request, "end", nowNanos);
        long since = HOUR;
        String sinceText = request.paramOr("since", "");
        if (!sinceText.isEmpty()) {
            try {
                since = DurationText.parseUnits(sinceText);
            } catch (IllegalArgumentException e) {
                throw bad("could not parse 'since' parameter: " + e.getMessage());
            }
        }
        // a range that ends in the future is counted back from now
        long start = bound(request, "start", Math.min(end, nowNanos) - since);
        return new Range(start, end);
    }

    private static long bound(HttpRequest request, String name, long fallback) {
        try {
            return time(request, name, fallback);
        } catch (RequestException e) {
            throw bad("could not parse '" + name + "' parameter: " + e.getMessage());
        }
    }

    /** A moment: seconds with a fraction, seconds (to 10 digits), nanoseconds (more), or RFC 3339. */
    static long time(HttpRequest request, String name, long fallback) {
        String text = request.paramOr(name, "");
        return text.isEmpty() ? fallback : parse(text);
    }

    static long parse(String text) {
        if (text.indexOf('.') >= 0) {
            try {
                double seconds = Double.parseDouble(text);
                double whole = seconds < 0 ? Math.ceil(seconds) : Math.floor(seconds);
                return ((long) whole) * SECOND + Math.round((seconds - whole) * 1000) * 1_000_000;
            } catch (NumberFormatException e) {
                return rfc3339(text);
            }
        }
        try {
            long n = Long.parseLong(text);
            return text.length() <= 10 ? n * SECOND : n;
        } catch (NumberFormatException e) {
            return rfc3339(text);
        }
    }

    private static long rfc3339(String text) {
        try {
            Instant i = OffsetDateTime.parse(text).toInstant();
            return ChronoUnit.NANOS.between(Instant.EPOCH, i);
        } catch (DateTimeException | ArithmeticException e) {
            throw new RequestException(
                    ErrorCode.BAD_REQUEST, "strconv.ParseInt: parsing \"" + text + "\": invalid syntax", e);
        }
    }

    /** A distance in seconds with a fraction, or with units. */
    static long duration(String text) {
        try {
            double nanos = Double.parseDouble(text) * SECOND;
            boolean number = Character.isDigit(text.charAt(text.length() - 1)) || text.endsWith(".");
            if (number && Math.abs(nanos) < Long.MAX_VALUE) {
                return (long) nanos;
            }
        } catch (NumberFormatException e) {
            return units(text);
        }
        return units(text);
    }

    private static long units(String text) {
        try {
            return DurationText.parseUnits(text);
        } catch (IllegalArgumentException e) {
            throw bad("cannot parse \"" + text + "\" to a valid duration");
        }
    }

    /** The parameter {@code step}, or what suits the range: a 250th of it in whole seconds. */
    static long step(HttpRequest request, Range range) {
        String text = request.paramOr("step", "");
        if (text.isEmpty()) {
            return Math.max((range.endNanos - range.startNanos) / SECOND / 250, 1) * SECOND;
        }
        long step = duration(text);
        if (step <= 0) {
            throw bad("zero or negative query resolution step widths are not accepted. Try a positive integer");
        }
        return step;
    }

    private static RequestException bad(String message) {
        return new RequestException(ErrorCode.BAD_REQUEST, message);
    }
}
