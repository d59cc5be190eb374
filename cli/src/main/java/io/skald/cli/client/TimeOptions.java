/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.client;

import io.skald.cli.CommandFailure;
import io.skald.cli.ExitCode;
import io.skald.core.config.Durations;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which time range. */
final class TimeOptions {
    private static final String FORMS =
            "2026-03-01T10:00:00Z, 2026-03-01T10:00 (local), 2026-03-01, a Unix time, or 2h for two hours ago";

    @Option(names = "--since", paramLabel = "DURATION", description = "How far back from --to: 15m, 2h, 7d.")
    private @Nullable String since;

    @Option(names = "--from", paramLabel = "TIME", description = "Begin (inclusive): " + FORMS + ".")
    private @Nullable String from;

    @Option(names = "--to", paramLabel = "TIME", description = "End (exclusive), the same way; default now.")
    private @Nullable String to;

    /** A half-open range, Unix nanoseconds. */
    record Range(long startNanos, long endNanos) {}

    /** The range asked for; {@code fallback} long if no begin was given. */
    Range range(Duration fallback, Instant now) throws CommandFailure {
        if (since != null && from != null) {
            throw new CommandFailure(ExitCode.USAGE, "--since and --from exclude each other");
        }
        long end = to == null ? nanos(now) : parse("--to", to, now);
        long start = from == null ? end - length(fallback).toNanos() : parse("--from", from, now);
        if (start >= end) {
            throw new CommandFailure(ExitCode.USAGE, "the range is empty: --from is not before --to");
        }
        return new Range(start, end);
    }

    private Duration length(Duration fallback) throws CommandFailure {
        return since == null ? fallback : duration("--since", since);
    }

    /** The value of an option that is a duration. */
    static Duration duration(String option, String text) throws CommandFailure {
        try {
            return Durations.parse(text);
        } catch (IllegalArgumentException e) {
            throw new CommandFailure(ExitCode.USAGE, option + ": " + e.getMessage(), e);
        }
    }

    private static long parse(String option, String text, Instant now) throws CommandFailure {
        try {
            return parse(text, now, ZoneId.systemDefault());
        } catch (DateTimeException | IllegalArgumentException | ArithmeticException e) {
            throw new CommandFailure(ExitCode.USAGE, option + ": '" + text + "' is not a time (" + FORMS + ")", e);
        }
    }

    /** Reads a time, Unix nanoseconds. Numbers are seconds, or from 1e11 on milliseconds, from 1e14 microseconds, from 1e17 nanoseconds. */
    static long parse(String text, Instant now, ZoneId zone) {
        if (text.equals("now")) {
            return nanos(now);
        } else if (text.matches("\\d{5,}")) {
            long n = Long.parseLong(text);
            long scale = n >= 1e17 ? 1 : n >= 1e14 ? 1000 : n >= 1e11 ? 1_000_000 : 1_000_000_000;
            return Math.multiplyExact(n, scale);
        } else if (text.matches("\\d{4}-\\d\\d-\\d\\d")) {
            return nanos(LocalDate.parse(text).atStartOfDay(zone).toInstant());
        } else if (text.matches("\\d{4}-\\d\\d-\\d\\d[T ].*")) {
            String iso = text.replace(' ', 'T');
            return iso.matches(".*(Z|[+-]\\d\\d:\\d\\d)")
                    ? nanos(OffsetDateTime.parse(iso).toInstant())
                    : nanos(LocalDateTime.parse(iso).atZone(zone).toInstant());
        }
        return nanos(now.minus(Durations.parse(text)));
    }

    static long nanos(Instant t) {
        return Math.addExact(Math.multiplyExact(t.getEpochSecond(), 1_000_000_000L), t.getNano());
    }
}
