/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.config;

import java.math.BigDecimal;
import java.util.Locale;

/** Sizes as people write them: {@code 256KB}, {@code 64MiB}, {@code 1048576}. KB and KiB are both 1024 bytes, as Loki has it. */
public final class ByteSize {
    private static final String[] UNITS = {"B", "KB", "MB", "GB", "TB"};

    private ByteSize() {}

    /**
     * Reads a size, bytes.
     *
     * @throws IllegalArgumentException if it is none, is negative or does not fit
     */
    public static long parse(String text) {
        int n = 0;
        while (n < text.length() && (Character.isDigit(text.charAt(n)) || text.charAt(n) == '.')) {
            n++;
        }
        String unit = text.substring(n).strip().toUpperCase(Locale.ROOT);
        int power = switch (unit) {
            case "", "B" -> 0;
            case "K", "KB", "KIB" -> 1;
            case "M", "MB", "MIB" -> 2;
            case "G", "GB", "GIB" -> 3;
            case "T", "TB", "TIB" -> 4;
            default -> -1;
        };
        if (n == 0 || power < 0) {
            throw new IllegalArgumentException("'" + text + "' is not a size (write it as 256KB, 64MB or 1GB)");
        }
        try {
            BigDecimal v = new BigDecimal(text.substring(0, n)).multiply(BigDecimal.valueOf(1L << (10 * power)));
            return v.longValueExact();
        } catch (ArithmeticException | NumberFormatException e) {
            throw new IllegalArgumentException("'" + text + "' is not a size in whole bytes", e);
        }
    }

    /** Writes a size with the largest unit that needs no fraction; {@link #parse} reads it back. */
    public static String format(long bytes) {
        int power = 0;
        long v = bytes;
        while (v != 0 && v % 1024 == 0 && power < UNITS.length - 1) {
            v /= 1024;
            power++;
        }
        return v + UNITS[power];
    }

    /** Writes a size for people: the largest unit that leaves at least one, with one decimal, like {@code 12.3MB}. */
    public static String approximate(long bytes) {
        int power = 0;
        double v = bytes;
        // 1023.95 would be written as 1024.0
        while (v >= 1023.95 && power < UNITS.length - 1) {
            v /= 1024;
            power++;
        }
        return power == 0 ? bytes + UNITS[0] : String.format(Locale.ROOT, "%.1f%s", v, UNITS[power]);
    }
}
