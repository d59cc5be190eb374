/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline.template;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Numbers as Go reads, converts and prints them. Integers are {@link Long}, floats {@link Double}. */
final class Numbers {
    private Numbers() {}

    /** A literal in a template, or null. */
    static @Nullable Object literal(String text) {
        String t = text.replace("_", "");
        boolean hex = t.toLowerCase(Locale.ROOT).contains("0x");
        try {
            if (!hex && (t.indexOf('.') >= 0 || t.indexOf('e') >= 0 || t.indexOf('E') >= 0)) {
                return Character.isLetter(t.charAt(t.length() - 1)) ? null : (Object) Double.parseDouble(t);
            }
            return parseLong(t);
        } catch (NumberFormatException e) {
            return null;
        }
    }

    /** With the prefixes that Go knows. */
    private static long parseLong(String text) {
        String t = text.toLowerCase(Locale.ROOT);
        boolean negative = t.startsWith("-");
        String digits = negative || t.startsWith("+") ? t.substring(1) : t;
        int radix = 10;
        if (digits.startsWith("0x")) {
            radix = 16;
        } else if (digits.startsWith("0b")) {
            radix = 2;
        } else if (digits.startsWith("0o")) {
            radix = 8;
        } else if (digits.length() > 1 && digits.startsWith("0")) {
            return Long.parseLong((negative ? "-" : "") + digits, 8);
        }
        return Long.parseLong((negative ? "-" : "") + (radix == 10 ? digits : digits.substring(2)), radix);
    }

    /** Any value as an integer; what is none counts as 0. */
    static long toLong(@Nullable Object v) {
        return switch (v) {
            case Long l -> l;
            case Double d -> (long) (double) d;
            case Boolean b -> b ? 1 : 0;
            case String s -> stringToLong(s);
            case null -> 0;
            default -> 0;
        };
    }

    private static long stringToLong(String s) {
        String t = s.strip();
        int dot = t.indexOf('.');
        if (dot >= 0 && t.substring(dot + 1).chars().allMatch(Character::isDigit)) {
            t = t.substring(0, dot);
        }
        if (!t.matches("[+-]?[0-9]{1,19}")) {
            return 0;
        }
        try {
            return Long.parseLong(t);
        } catch (NumberFormatException e) {
            return 0;
        }
    }

    /** Any value as a float; what is none counts as 0. */
    static double toDouble(@Nullable Object v) {
        return switch (v) {
            case Long l -> (double) (long) l;
            case Double d -> d;
            case Boolean b -> b ? 1 : 0;
            case String s -> stringToDouble(s);
            case null -> 0;
            default -> 0;
        };
    }

    private static double stringToDouble(String s) {
        io.skald.logql.pipeline.Conversion c = new io.skald.logql.pipeline.Conversion();
        double d = c.number(s);
        return c.error() == null ? d : 0;
    }

    /** As {@code %g} with the fewest digits that give the number back. */
    static String format(double d) {
        if (Double.isNaN(d)) {
            return "NaN";
        }
        if (Double.isInfinite(d)) {
            return d > 0 ? "+Inf" : "-Inf";
        }
        if (d == 0) {
            return 1 / d < 0 ? "-0" : "0";
        }
        return general(new BigDecimal(Double.toString(d)), 6);
    }

    /** Shortest digits, with an exponent when it is below -4 or not below the limit. */
    static String general(BigDecimal value, int limit) {
        BigDecimal v = value.stripTrailingZeros();
        int exponent = v.precision() - v.scale() - 1;
        if (exponent < -4 || exponent >= limit) {
            String digits = v.unscaledValue().abs().toString();
            String mantissa = digits.length() == 1 ? digits : digits.charAt(0) + "." + digits.substring(1);
            return (v.signum() < 0 ? "-" : "") + mantissa + exponent(exponent);
        }
        return v.toPlainString();
    }

    static String exponent(int e) {
        String n = Integer.toString(Math.abs(e));
        return (e < 0 ? "e-" : "e+") + (n.length() < 2 ? "0" + n : n);
    }

    /** {@code %e} with so many digits behind the point. */
    static String scientific(double d, int digits) {
        if (d == 0) {
            return "0" + (digits > 0 ? "." + "0".repeat(digits) : "") + "e+00";
        }
        BigDecimal v = new BigDecimal(d);
        int exponent = v.precision() - v.scale() - 1;
        BigDecimal m = v.movePointLeft(exponent).setScale(digits, RoundingMode.HALF_EVEN);
        if (m.abs().compareTo(BigDecimal.TEN) >= 0) {
            exponent++;
            m = v.movePointLeft(exponent).setScale(digits, RoundingMode.HALF_EVEN);
        }
        return m.toPlainString() + exponent(exponent);
    }

    /** {@code %f} with so many digits behind the point. */
    static String fixed(double d, int digits) {
        String s = new BigDecimal(d).setScale(digits, RoundingMode.HALF_EVEN).toPlainString();
        return d < 0 && !s.startsWith("-") ? "-" + s : s;
    }
}
