/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.parser;

import java.math.BigDecimal;

/** Numbers as query text and as messages show them. */
final class FloatText {
    private FloatText() {}

    /** @throws IllegalArgumentException with a message for the user */
    static double parse(String text) {
        double value = javaValue(text);
        if (Double.isNaN(value)) {
            throw new IllegalArgumentException(failure(text, "invalid syntax"));
        }
        if (Double.isInfinite(value)) {
            throw new IllegalArgumentException(failure(text, "value out of range"));
        }
        return value;
    }

    private static String failure(String text, String reason) {
        return "unable to parse literal as a float: strconv.ParseFloat: parsing \"" + text + "\": " + reason;
    }

    /** As label filters read numbers: what is no decimal number (0x5, 1_0) counts as 0, what is too large as infinite. */
    static double parseLenient(String text) {
        double value = javaValue(text);
        return Double.isNaN(value) ? 0 : value;
    }

    private static double javaValue(String text) {
        for (int i = 0; i < text.length(); i++) {
            if ("0123456789.eE+-".indexOf(text.charAt(i)) < 0) {
                return Double.NaN;
            }
        }
        return Double.parseDouble(text);
    }

    /** Shortest decimal form that reads back equal; an exponent only far from 1. */
    static String format(double value) {
        if (Double.isNaN(value)) {
            return "NaN";
        }
        if (Double.isInfinite(value)) {
            return value > 0 ? "+Inf" : "-Inf";
        }
        if (value == 0) {
            return 1 / value < 0 ? "-0" : "0";
        }
        BigDecimal decimal = new BigDecimal(Double.toString(value)).stripTrailingZeros();
        int exponent = decimal.precision() - decimal.scale() - 1;
        if (exponent >= -5 && exponent < 21) {
            return decimal.toPlainString();
        }
        String digits = decimal.unscaledValue().abs().toString();
        String mantissa = digits.length() == 1 ? digits : digits.charAt(0) + "." + digits.substring(1);
        String sign = decimal.signum() < 0 ? "-" : "";
        String padded = (Math.abs(exponent) < 10 ? "0" : "") + Math.abs(exponent);
        return sign + mantissa + "e" + (exponent < 0 ? "-" : "+") + padded;
    }
}
