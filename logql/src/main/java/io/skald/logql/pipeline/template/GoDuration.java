/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline.template;

/** A span of time, printed as Go does: {@code 1h0m0.5s}. */
record GoDuration(long nanos) {
    @Override
    public String toString() {
        if (nanos == 0) {
            return "0s";
        }
        long n = Math.abs(nanos);
        String sign = nanos < 0 ? "-" : "";
        if (n < 1_000) {
            return sign + n + "ns";
        }
        if (n < 1_000_000) {
            return sign + fraction(n, 1_000) + "µs";
        }
        if (n < 1_000_000_000) {
            return sign + fraction(n, 1_000_000) + "ms";
        }
        long minutes = n / 60_000_000_000L;
        StringBuilder sb = new StringBuilder(sign);
        if (minutes >= 60) {
            sb.append(minutes / 60).append('h');
        }
        if (minutes > 0) {
            sb.append(minutes % 60).append('m');
        }
        return sb.append(fraction(n % 60_000_000_000L, 1_000_000_000))
                .append('s')
                .toString();
    }

    private static String fraction(long n, long unit) {
        return java.math.BigDecimal.valueOf(n)
                .divide(java.math.BigDecimal.valueOf(unit))
                .stripTrailingZeros()
                .toPlainString();
    }

    double in(long unitNanos) {
        return nanos / (double) unitNanos;
    }
}
