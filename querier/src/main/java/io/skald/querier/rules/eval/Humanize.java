/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.eval;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** Numbers as Prometheus' templates write them for people. */
final class Humanize {
    private static final String[] LARGE = {"k", "M", "G", "T", "P", "E", "Z", "Y"};
    private static final String[] SMALL = {"m", "u", "n", "p", "f", "a", "z", "y"};
    private static final String[] BINARY = {"ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"};
    private static final int DIGITS = 4;

    private Humanize() {}

    /** Four digits, as {@code %.4g} in Go. */
    static String digits(double v) {
        if (Double.isNaN(v)) {
            return "NaN";
        }
        if (Double.isInfinite(v)) {
            return v > 0 ? "+Inf" : "-Inf";
        }
        if (v == 0) {
            return "0";
        }
        BigDecimal d = new BigDecimal(v).round(new MathContext(DIGITS, RoundingMode.HALF_EVEN));
        int exponent = d.precision() - d.scale() - 1;
        d = d.stripTrailingZeros();
        if (exponent >= -4 && exponent < DIGITS) {
            return d.toPlainString();
        }
        String all = d.unscaledValue().abs().toString();
        String fraction = all.length() > 1 ? "." + all.substring(1) : "";
        return (v < 0 ? "-" : "") + all.charAt(0) + fraction + "e" + (exponent < 0 ? "-" : "+")
                + String.format(Locale.ROOT, "%02d", Math.abs(exponent));
    }

    private static boolean odd(double v) {
        return v == 0 || Double.isNaN(v) || Double.isInfinite(v);
    }

    static String decimal(double value) {
        double v = value;
        if (odd(v)) {
            return digits(v);
        }
        String prefix = "";
        if (Math.abs(v) >= 1) {
            for (int i = 0; i < LARGE.length && Math.abs(v) >= 1000; i++) {
                prefix = LARGE[i];
                v /= 1000;
            }
        } else {
            for (int i = 0; i < SMALL.length && Math.abs(v) < 1; i++) {
                prefix = SMALL[i];
                v *= 1000;
            }
        }
        return digits(v) + prefix;
    }

    static String binary(double value) {
        double v = value;
        if (Math.abs(v) <= 1 || odd(v)) {
            return digits(v);
        }
        String prefix = "";
        for (int i = 0; i < BINARY.length && Math.abs(v) >= 1024; i++) {
            prefix = BINARY[i];
            v /= 1024;
        }
        return digits(v) + prefix;
    }

    static String duration(double value) {
        double v = value;
        if (Double.isNaN(v) || Double.isInfinite(v)) {
            return digits(v);
        }
        if (v == 0) {
            return "0s";
        }
        if (Math.abs(v) < 1) {
            String prefix = "";
            for (int i = 0; i < SMALL.length && Math.abs(v) < 1; i++) {
                prefix = SMALL[i];
                v *= 1000;
            }
            return digits(v) + prefix + "s";
        }
        String sign = v < 0 ? "-" : "";
        v = Math.abs(v);
        long whole = (long) v;
        long seconds = whole % 60;
        long minutes = whole / 60 % 60;
        long hours = whole / 3600 % 24;
        long days = whole / 86400;
        if (days != 0) {
            return sign + days + "d " + hours + "h " + minutes + "m " + seconds + "s";
        }
        if (hours != 0) {
            return sign + hours + "h " + minutes + "m " + seconds + "s";
        }
        return minutes != 0 ? sign + minutes + "m " + seconds + "s" : sign + digits(v) + "s";
    }

    static String percentage(double v) {
        return digits(v * 100) + "%";
    }

    /** @param v seconds since the epoch */
    static String timestamp(double v) {
        if (Double.isNaN(v) || Double.isInfinite(v)) {
            return digits(v);
        }
        // to the millisecond, as Prometheus keeps times
        long all = (long) Math.floor(v * 1000);
        long millis = Math.floorMod(all, 1000);
        Instant at = Instant.ofEpochSecond(Math.floorDiv(all, 1000));
        String fraction = millis == 0
                ? ""
                : "." + String.format(Locale.ROOT, "%03d", millis).replaceAll("0+$", "");
        return DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss", Locale.ROOT)
                        .withZone(ZoneOffset.UTC)
                        .format(at)
                + fraction + " +0000 UTC";
    }
}
