/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.parser;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Locale;
import java.util.OptionalLong;

/** Byte counts as text: {@code 20KB}, {@code 1.5KiB}; powers of 1000 and, with an i, of 1024; letter case does not matter. */
public final class ByteText {
    private static final String PREFIXES = "kmgtpe";

    private ByteText() {}

    /** Reads a decimal number and an optional unit; fractions of a byte are dropped. */
    public static OptionalLong parse(String text) {
        int end = 0;
        while (end < text.length() && (Character.digit(text.charAt(end), 10) >= 0 || text.charAt(end) == '.')) {
            end++;
        }
        BigDecimal unit = unit(text.substring(end).strip().toLowerCase(Locale.ROOT));
        if (unit.signum() == 0 || end == 0 || end > 40) {
            return OptionalLong.empty();
        }
        try {
            BigDecimal bytes = new BigDecimal(text.substring(0, end)).multiply(unit);
            return bytes.compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) > 0
                    ? OptionalLong.empty()
                    : OptionalLong.of(bytes.longValue());
        } catch (NumberFormatException severalDots) {
            return OptionalLong.empty();
        }
    }

    private static BigDecimal unit(String name) {
        if (name.isEmpty() || name.equals("b")) {
            return BigDecimal.ONE;
        }
        int power = PREFIXES.indexOf(name.charAt(0)) + 1;
        return switch (power == 0 ? "" : name.substring(1)) {
            case "b" -> BigDecimal.valueOf(1000).pow(power);
            case "i", "ib" -> BigDecimal.valueOf(1024).pow(power);
            case "" -> power == 0 ? BigDecimal.ZERO : BigDecimal.valueOf(1000).pow(power);
            default -> BigDecimal.ZERO;
        };
    }

    /** The largest power of 1000 that fits, one decimal below 10: {@code 1.5kB}. Rounds. */
    public static String format(long bytes) {
        if (bytes < 10) {
            return bytes + "B";
        }
        int power = 0;
        BigDecimal value = BigDecimal.valueOf(bytes);
        BigDecimal thousand = BigDecimal.valueOf(1000);
        while (power < PREFIXES.length() && value.compareTo(thousand) >= 0) {
            value = value.divide(thousand);
            power++;
        }
        BigDecimal rounded = value.setScale(1, RoundingMode.HALF_UP);
        if (rounded.compareTo(BigDecimal.TEN) >= 0) {
            rounded = value.setScale(0, RoundingMode.HALF_UP);
        }
        String unit = power == 0 ? "B" : "kMGTPE".charAt(power - 1) + "B";
        return rounded.toPlainString() + unit;
    }
}
