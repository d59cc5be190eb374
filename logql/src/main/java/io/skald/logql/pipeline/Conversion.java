/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Reads numbers, durations and byte sizes as Go does, without exceptions: after each call {@link #error()} is null or says what is wrong.
 * Confined to one thread.
 */
public final class Conversion {
    /** So many digits, a point among them, make a number that a double holds exactly. */
    private static final int MAX_PLAIN = 15;

    private static final double[] POWERS = {
        1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15
    };

    private @Nullable String error;

    /** Why the last text could not be read, or null. */
    public @Nullable String error() {
        return error;
    }

    /** Digits with or without a point and more digits, few enough that dividing gives the nearest number; negative for all else. */
    private static double plain(String s) {
        int n = s.length();
        if (n == 0 || n > MAX_PLAIN) {
            return -1;
        }
        long digits = 0;
        int point = -1;
        for (int i = 0; i < n; i++) {
            char c = s.charAt(i);
            if (c >= '0' && c <= '9') {
                digits = digits * 10 + (c - '0');
            } else if (c == '.' && point < 0 && i > 0 && i < n - 1) {
                point = i;
            } else {
                return -1;
            }
        }
        return point < 0 ? (double) digits : (double) digits / POWERS[n - 1 - point];
    }

    /**
     * What {@link #number} makes of text that is digits with or without a point and more digits, and not many; negative for all other text, which
     * may be a number nevertheless.
     */
    static double plain(byte[] b, int from, int length) {
        if (length == 0 || length > MAX_PLAIN) {
            return -1;
        }
        long digits = 0;
        int point = -1;
        int last = from + length - 1;
        for (int i = from; i <= last; i++) {
            int digit = b[i] - '0';
            if (digit >= 0 && digit <= 9) {
                digits = digits * 10 + digit;
            } else if (b[i] == '.' && point < 0 && i > from && i < last) {
                point = i;
            } else {
                return -1;
            }
        }
        return point < 0 ? (double) digits : (double) digits / POWERS[last - point];
    }

    /**
     * What {@link #durationNanos} makes of text that is one number, as for {@link #plain}, with one unit in ASCII; negative for all other text,
     * which may be a duration nevertheless.
     */
    static long plainDuration(byte[] b, int from, int length) {
        if (length < 2 || length > MAX_PLAIN) {
            return -1;
        }
        int end = from + length;
        long factor = plainUnit(b, end);
        // the digits end with the unit: ms, us and ns have two letters, h, m and s one
        int digitsEnd = end - (isDigit((char) b[end - 2]) ? 1 : 2);
        if (factor == 0 || digitsEnd == from) {
            return -1;
        }
        long whole = 0;
        long fraction = 0;
        double scale = 1;
        int i = from;
        for (; i < digitsEnd && b[i] != '.'; i++) {
            if (!isDigit((char) b[i])) {
                return -1;
            }
            whole = whole * 10 + (b[i] - '0');
        }
        if (i == from || i == digitsEnd - 1 || whole > Long.MAX_VALUE / 4 / factor) {
            return -1;
        }
        for (i++; i < digitsEnd; i++) {
            if (!isDigit((char) b[i])) {
                return -1;
            }
            fraction = fraction * 10 + (b[i] - '0');
            scale *= 10;
        }
        return whole * factor + (long) (fraction * (factor / scale));
    }

    /** Nanoseconds of the unit that ends at a place behind a digit; 0 if none does. */
    private static long plainUnit(byte[] b, int end) {
        byte before = b[end - 2];
        boolean one = isDigit((char) before);
        return switch (b[end - 1]) {
            case 's' ->
                one
                        ? 1_000_000_000L
                        : switch (before) {
                            case 'm' -> 1_000_000;
                            case 'u' -> 1_000;
                            case 'n' -> 1;
                            default -> 0;
                        };
            case 'm' -> one ? 60_000_000_000L : 0;
            case 'h' -> one ? 3_600_000_000_000L : 0;
            default -> 0;
        };
    }

    /** A floating-point number, as Go's ParseFloat. */
    public double number(String s) {
        error = null;
        double plain = plain(s);
        if (plain >= 0) {
            return plain;
        }
        String t = s;
        if (s.indexOf('_') >= 0) {
            if (!underscoresBetweenDigits(s)) {
                return invalidNumber(s);
            }
            t = s.replace("_", "");
        }
        int kind = numberKind(t);
        if (kind == 1) {
            double d = Double.parseDouble(t);
            if (Double.isInfinite(d)) {
                error = "strconv.ParseFloat: parsing " + quote(s) + ": value out of range";
            }
            return d;
        }
        if (kind == 2) {
            String l = t.toLowerCase(Locale.ROOT);
            return l.endsWith("nan")
                    ? Double.NaN
                    : l.startsWith("-") ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
        }
        return invalidNumber(s);
    }

    private double invalidNumber(String s) {
        error = "strconv.ParseFloat: parsing " + quote(s) + ": invalid syntax";
        return 0;
    }

    private static boolean underscoresBetweenDigits(String s) {
        for (int i = 0; i < s.length(); i++) {
            if (s.charAt(i) == '_'
                    && (i == 0
                            || i + 1 == s.length()
                            || !Character.isLetterOrDigit(s.charAt(i - 1))
                            || !Character.isLetterOrDigit(s.charAt(i + 1)))) {
                return false;
            }
        }
        return true;
    }

    /** 0: not a number; 1: digits that Java reads as Go does; 2: infinity or NaN. */
    private static int numberKind(String s) {
        int i = 0;
        int n = s.length();
        if (i < n && (s.charAt(i) == '+' || s.charAt(i) == '-')) {
            i++;
        }
        if (n - i >= 3 && isNamed(s.substring(i), i > 0)) {
            return 2;
        }
        boolean hex = n - i > 2 && s.charAt(i) == '0' && (s.charAt(i + 1) | 0x20) == 'x';
        if (hex) {
            i += 2;
        }
        int digits = 0;
        boolean dot = false;
        for (; i < n; i++) {
            char c = s.charAt(i);
            if (c == '.' && !dot) {
                dot = true;
            } else if (c < 128 && Character.digit(c, hex ? 16 : 10) >= 0) {
                digits++;
            } else {
                break;
            }
        }
        if (digits == 0) {
            return 0;
        }
        if (i == n) {
            return hex ? 0 : 1;
        }
        return (s.charAt(i) | 0x20) == (hex ? 'p' : 'e') && isExponent(s, i + 1) ? 1 : 0;
    }

    private static boolean isNamed(String s, boolean signed) {
        return s.equalsIgnoreCase("inf") || s.equalsIgnoreCase("infinity") || !signed && s.equalsIgnoreCase("nan");
    }

    private static boolean isExponent(String s, int from) {
        int i = from;
        if (i < s.length() && (s.charAt(i) == '+' || s.charAt(i) == '-')) {
            i++;
        }
        if (i == s.length()) {
            return false;
        }
        for (; i < s.length(); i++) {
            if (s.charAt(i) < '0' || s.charAt(i) > '9') {
                return false;
            }
        }
        return true;
    }

    /** A duration such as {@code 1h15m30.5s}, as Go's ParseDuration; nanoseconds. */
    public long durationNanos(String s) {
        error = null;
        int n = s.length();
        int i = 0;
        boolean negative = false;
        if (n > 0 && (s.charAt(0) == '-' || s.charAt(0) == '+')) {
            negative = s.charAt(0) == '-';
            i = 1;
        }
        if (n - i == 1 && s.charAt(i) == '0') {
            return 0;
        }
        if (i == n) {
            return invalidDuration(s);
        }
        double total = 0;
        long exact = 0;
        while (i < n) {
            int start = i;
            while (i < n && (isDigit(s.charAt(i)) || s.charAt(i) == '.')) {
                i++;
            }
            String number = s.substring(start, i);
            if (number.isEmpty() || number.equals(".") || number.indexOf('.') != number.lastIndexOf('.')) {
                return invalidDuration(s);
            }
            int unitStart = i;
            while (i < n && !isDigit(s.charAt(i)) && s.charAt(i) != '.') {
                i++;
            }
            if (unitStart == i) {
                error = "time: missing unit in duration " + quote(s);
                return 0;
            }
            String unit = s.substring(unitStart, i);
            long factor = unitNanos(unit);
            if (factor == 0) {
                error = "time: unknown unit " + quote(unit) + " in duration " + quote(s);
                return 0;
            }
            int dot = number.indexOf('.');
            String whole = dot < 0 ? number : number.substring(0, dot);
            total += Double.parseDouble("0" + number) * factor;
            if (total >= 9.2e18 || whole.length() > 18) {
                return invalidDuration(s);
            }
            exact += (whole.isEmpty() ? 0 : Long.parseLong(whole)) * factor;
            if (dot >= 0 && dot + 1 < number.length()) {
                exact += fractionNanos(number.substring(dot + 1), factor);
            }
        }
        return negative ? -exact : exact;
    }

    private static long fractionNanos(String digits, long factor) {
        double scale = 1;
        long value = 0;
        for (int k = 0; k < digits.length() && k < 18; k++) {
            value = value * 10 + (digits.charAt(k) - '0');
            scale *= 10;
        }
        return (long) (value * (factor / scale));
    }

    private long invalidDuration(String s) {
        error = "time: invalid duration " + quote(s);
        return 0;
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }

    private static long unitNanos(String unit) {
        return switch (unit) {
            case "ns" -> 1;
            case "us", "µs", "μs" -> 1_000;
            case "ms" -> 1_000_000;
            case "s" -> 1_000_000_000L;
            case "m" -> 60_000_000_000L;
            case "h" -> 3_600_000_000_000L;
            default -> 0;
        };
    }

    /** A size such as {@code 1.5 KiB} or {@code 20kB}; a number alone is bytes. Whole bytes, rounded down. */
    public double bytes(String s) {
        int i = 0;
        while (i < s.length() && (isDigit(s.charAt(i)) || s.charAt(i) == '.' || s.charAt(i) == ',')) {
            i++;
        }
        String digits = s.substring(0, i).replace(",", "");
        double value = number(digits);
        if (error != null) {
            return 0;
        }
        String unit = s.substring(i).strip().toLowerCase(Locale.ROOT);
        double factor = unitBytes(unit);
        if (factor == 0) {
            error = "unhandled size name: " + unit;
            return 0;
        }
        value *= factor;
        if (value >= 0x1p64) {
            error = "too large: " + s;
            return 0;
        }
        return Math.floor(value);
    }

    private static double unitBytes(String unit) {
        if (unit.isEmpty() || unit.equals("b")) {
            return 1;
        }
        int power = "kmgtpe".indexOf(unit.charAt(0)) + 1;
        if (power == 0) {
            return 0;
        }
        return switch (unit.substring(1)) {
            case "", "b" -> Math.pow(1000, power);
            case "i", "ib" -> Math.pow(1024, power);
            default -> 0;
        };
    }

    /** As Go quotes in its errors: bytes beyond ASCII as hexadecimal escapes. */
    private static String quote(String s) {
        StringBuilder sb = new StringBuilder("\"");
        for (byte b : s.getBytes(StandardCharsets.UTF_8)) {
            int c = b & 0xff;
            if (c == '"' || c == '\\') {
                sb.append('\\').append((char) c);
            } else if (c < 0x20 || c >= 0x7f) {
                sb.append("\\x").append(Character.forDigit(c >> 4, 16)).append(Character.forDigit(c & 15, 16));
            } else {
                sb.append((char) c);
            }
        }
        return sb.append('"').toString();
    }
}
