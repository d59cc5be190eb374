/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.config;

import java.time.Duration;

/** Durations as people write them: {@code 15m}, {@code 7d}, {@code 1h30m}, {@code 500ms}; units {@code ns us ms s m h d w y}. */
public final class Durations {
    private static final String[] UNITS = {"y", "w", "d", "h", "m", "s", "ms", "us", "ns"};
    private static final long SECOND = 1_000_000_000L;
    private static final long[] NANOS = {
        365 * 86400 * SECOND, 7 * 86400 * SECOND, 86400 * SECOND, 3600 * SECOND, 60 * SECOND, SECOND, 1_000_000, 1000, 1
    };

    private Durations() {}

    /**
     * Reads a duration.
     *
     * @throws IllegalArgumentException if it is none, has no unit, or does not fit 292 years
     */
    public static Duration parse(String text) {
        if (text.equals("0")) {
            return Duration.ZERO;
        }
        long total = 0;
        int i = 0;
        try {
            while (i < text.length()) {
                int digits = i;
                while (i < text.length() && text.charAt(i) >= '0' && text.charAt(i) <= '9') {
                    i++;
                }
                int unit = i;
                while (i < text.length() && Character.isLetter(text.charAt(i))) {
                    i++;
                }
                long nanos = nanosOf(text.substring(unit, i));
                if (unit == digits || nanos == 0) {
                    throw new IllegalArgumentException(wrong(text));
                }
                total = Math.addExact(total, Math.multiplyExact(Long.parseLong(text.substring(digits, unit)), nanos));
            }
        } catch (ArithmeticException | NumberFormatException e) {
            throw new IllegalArgumentException(wrong(text), e);
        }
        if (text.isEmpty()) {
            throw new IllegalArgumentException(wrong(text));
        }
        return Duration.ofNanos(total);
    }

    private static String wrong(String text) {
        return "'" + text + "' is not a duration (write it as 15m, 7d or 1h30m)";
    }

    private static long nanosOf(String unit) {
        for (int u = 0; u < UNITS.length; u++) {
            if (UNITS[u].equals(unit)) {
                return NANOS[u];
            }
        }
        return unit.equals("µs") ? 1000 : 0;
    }

    /** Writes a duration of at most 292 years; {@link #parse} reads it back. */
    public static String format(Duration duration) {
        long rest = duration.toNanos();
        if (rest == 0) {
            return "0s";
        }
        StringBuilder out = new StringBuilder();
        for (int u = 2; u < UNITS.length; u++) {
            if (rest / NANOS[u] > 0) {
                out.append(rest / NANOS[u]).append(UNITS[u]);
                rest %= NANOS[u];
            }
        }
        return out.toString();
    }
}
