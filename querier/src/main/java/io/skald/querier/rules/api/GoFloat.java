/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.api;

import java.math.BigDecimal;

/** Numbers as Prometheus writes the values of alerts. */
final class GoFloat {
    private GoFloat() {}

    /** The shortest digits that give the number back, with an exponent: {@code 1e+00}, {@code 2.5e-01}. */
    static String exponent(double v) {
        if (Double.isNaN(v)) {
            return "NaN";
        }
        if (Double.isInfinite(v)) {
            return v > 0 ? "+Inf" : "-Inf";
        }
        if (v == 0) {
            return "0e+00";
        }
        BigDecimal d = BigDecimal.valueOf(v).stripTrailingZeros();
        String digits = d.unscaledValue().abs().toString();
        int exponent = digits.length() - 1 - d.scale();
        String fraction = digits.length() > 1 ? "." + digits.substring(1) : "";
        int size = Math.abs(exponent);
        return (v < 0 ? "-" : "") + digits.charAt(0) + fraction + "e" + (exponent < 0 ? "-" : "+")
                + (size < 10 ? "0" : "") + size;
    }
}
