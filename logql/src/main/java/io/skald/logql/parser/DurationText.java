/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.parser;

import java.math.BigDecimal;
import java.util.OptionalLong;

/** Durations as text, in the two forms that the API knows. Nanoseconds throughout. */
public final class DurationText {
    private static final String[] UNITS = {"y", "w", "d", "h", "m", "s", "ms"};
    private static final long[] UNIT_MILLIS = {
        365L * 86_400_000, 7L * 86_400_000, 86_400_000, 3_600_000, 60_000, 1_000, 1
    };
    private static final long NANOS_PER_MILLI = 1_000_000;

    private DurationText() {}

    /**
     * Reads whole numbers with the units y, w, d, h, m, s, ms, each at most once and in this order: {@code 1w2d3h}; and {@code 0}.
     *
     * @throws IllegalArgumentException with a message for the user
     */
    public static long parseUnits(String text) {
        if (text.equals("0")) {
            return 0;
        }
        if (text.isEmpty()) {
            throw new IllegalArgumentException("empty duration string");
        }
        long millis = 0;
        int last = -1;
        int i = 0;
        while (i < text.length()) {
            int start = i;
            i = skipDigits(text, i);
            if (i == start || i - start > 18) {
                throw invalid(text);
            }
            long value = Long.parseLong(text, start, i, 10);
            int unitStart = i;
            while (i < text.length() && !isDigit(text.charAt(i))) {
                i++;
            }
            if (i == unitStart) {
                throw invalid(text);
            }
            int unit = unit(text.substring(unitStart, i), text);
            if (unit <= last) {
                throw invalid(text);
            }
            last = unit;
            try {
                millis = Math.addExact(millis, Math.multiplyExact(value, UNIT_MILLIS[unit]));
                Math.multiplyExact(millis, NANOS_PER_MILLI);
            } catch (ArithmeticException e) {
                throw new IllegalArgumentException("duration out of range", e);
            }
        }
        return millis * NANOS_PER_MILLI;
    }

    private static int unit(String name, String text) {
        for (int u = 0; u < UNITS.length; u++) {
            if (UNITS[u].equals(name)) {
                return u;
            }
        }
        throw new IllegalArgumentException("unknown unit \"" + name + "\" in duration \"" + text + "\"");
    }

    private static IllegalArgumentException invalid(String text) {
        return new IllegalArgumentException("not a valid duration string: \"" + text + "\"");
    }

    /** Reads {@link #parseUnits}' form or a sum of decimal fractions with the units h, m, s, ms, us, µs, ns, with an optional sign. */
    public static OptionalLong parse(String text) {
        String unsigned = text.startsWith("-") || text.startsWith("+") ? text.substring(1) : text;
        OptionalLong nanos = parseUnsigned(unsigned);
        return nanos.isPresent() && text.startsWith("-") ? OptionalLong.of(-nanos.getAsLong()) : nanos;
    }

    private static OptionalLong parseUnsigned(String text) {
        try {
            return OptionalLong.of(parseUnits(text));
        } catch (IllegalArgumentException notInThatForm) {
            return parseFractions(text);
        }
    }

    private static OptionalLong parseFractions(String text) {
        BigDecimal sum = BigDecimal.ZERO;
        int i = 0;
        while (i < text.length()) {
            int start = i;
            i = skipDigits(text, i);
            int digits = i - start;
            if (i < text.length() && text.charAt(i) == '.') {
                int fraction = i + 1;
                i = skipDigits(text, fraction);
                digits += i - fraction;
            }
            if (digits == 0 || digits > 40) {
                return OptionalLong.empty();
            }
            int unitStart = i;
            while (i < text.length() && !isDigit(text.charAt(i)) && text.charAt(i) != '.') {
                i++;
            }
            long unitNanos = fractionUnitNanos(text.substring(unitStart, i));
            if (unitNanos == 0) {
                return OptionalLong.empty();
            }
            sum = sum.add(new BigDecimal(text.substring(start, unitStart)).multiply(BigDecimal.valueOf(unitNanos)));
        }
        if (text.isEmpty() || sum.compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) > 0) {
            return OptionalLong.empty();
        }
        return OptionalLong.of(sum.longValue());
    }

    private static long fractionUnitNanos(String unit) {
        return switch (unit) {
            case "h" -> 3_600_000_000_000L;
            case "m" -> 60_000_000_000L;
            case "s" -> 1_000_000_000L;
            case "ms" -> 1_000_000L;
            case "us", "µs", "μs" -> 1_000L;
            case "ns" -> 1L;
            default -> 0;
        };
    }

    /** The form that {@link #parseUnits} reads: {@code 9d3h}; years and weeks only where nothing remains. Whole milliseconds. */
    public static String formatUnits(long nanos) {
        long millis = nanos / NANOS_PER_MILLI;
        if (millis == 0) {
            return "0s";
        }
        StringBuilder sb = new StringBuilder();
        if (millis < 0) {
            sb.append('-');
            millis = -millis;
        }
        for (int u = 0; u < UNITS.length; u++) {
            boolean wholeOnly = u < 2;
            long count = millis / UNIT_MILLIS[u];
            if (count == 0 || wholeOnly && millis % UNIT_MILLIS[u] != 0) {
                continue;
            }
            sb.append(count).append(UNITS[u]);
            millis -= count * UNIT_MILLIS[u];
        }
        return sb.toString();
    }

    /** Hours, minutes and a decimal fraction of seconds: {@code 1h0m0s}, {@code 1.5s}; below a second in ms, µs or ns. */
    public static String format(long nanos) {
        if (nanos == 0) {
            return "0s";
        }
        StringBuilder sb = new StringBuilder();
        BigDecimal rest = BigDecimal.valueOf(nanos);
        if (nanos < 0) {
            sb.append('-');
            rest = rest.negate();
        }
        if (rest.compareTo(BigDecimal.valueOf(1_000_000_000)) < 0) {
            long small = rest.longValue();
            int shift = small < 1_000 ? 0 : small < NANOS_PER_MILLI ? 3 : 6;
            String unit = shift == 0 ? "ns" : shift == 3 ? "µs" : "ms";
            return sb.append(plain(rest.movePointLeft(shift))).append(unit).toString();
        }
        BigDecimal[] minutesAndRest = rest.divideAndRemainder(BigDecimal.valueOf(60_000_000_000L));
        long minutes = minutesAndRest[0].longValue();
        if (minutes >= 60) {
            sb.append(minutes / 60).append('h');
        }
        if (minutes > 0) {
            sb.append(minutes % 60).append('m');
        }
        return sb.append(plain(minutesAndRest[1].movePointLeft(9))).append('s').toString();
    }

    private static String plain(BigDecimal value) {
        return value.signum() == 0 ? "0" : value.stripTrailingZeros().toPlainString();
    }

    private static int skipDigits(String text, int from) {
        int i = from;
        while (i < text.length() && isDigit(text.charAt(i))) {
            i++;
        }
        return i;
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }
}
