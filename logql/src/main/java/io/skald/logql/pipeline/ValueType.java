/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline;

import java.util.Locale;

/** What a label's text looks like. */
public enum ValueType {
    INT,
    FLOAT,
    BOOLEAN,
    DURATION,
    BYTES,
    STRING;

    /** The first that fits: a whole number of 64 bits, a number, a truth value, a duration, a size, and text otherwise. */
    public static ValueType of(String value) {
        if (isInt(value)) {
            return INT;
        }
        Conversion c = new Conversion();
        c.number(value);
        if (c.error() == null) {
            return FLOAT;
        }
        if (isBoolean(value)) {
            return BOOLEAN;
        }
        c.durationNanos(value);
        if (c.error() == null) {
            return DURATION;
        }
        c.bytes(value);
        return c.error() == null ? BYTES : STRING;
    }

    private static boolean isInt(String s) {
        int from = s.startsWith("-") || s.startsWith("+") ? 1 : 0;
        if (s.length() == from) {
            return false;
        }
        for (int i = from; i < s.length(); i++) {
            if (s.charAt(i) < '0' || s.charAt(i) > '9') {
                return false;
            }
        }
        try {
            Long.parseLong(s);
            return true;
        } catch (NumberFormatException tooLarge) {
            return false;
        }
    }

    private static boolean isBoolean(String s) {
        return switch (s) {
            case "t", "T", "true", "TRUE", "True", "f", "F", "false", "FALSE", "False" -> true;
            default -> false;
        };
    }

    /** As clients know it: {@code int}. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
