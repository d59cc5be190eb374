/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.ast;

import io.skald.core.model.Matcher;

/** A condition on the labels of a line. */
public sealed interface LabelFilter {
    /** How numbers are compared. */
    enum Comparison {
        EQUAL("=="),
        NOT_EQUAL("!="),
        GREATER(">"),
        GREATER_OR_EQUAL(">="),
        LESS("<"),
        LESS_OR_EQUAL("<=");

        private final String symbol;

        Comparison(String symbol) {
            this.symbol = symbol;
        }

        public String symbol() {
            return symbol;
        }

        /** Applies to the result of a three-way comparison. */
        public boolean holds(double left, double right) {
            return switch (this) {
                case EQUAL -> left == right;
                case NOT_EQUAL -> left != right;
                case GREATER -> left > right;
                case GREATER_OR_EQUAL -> left >= right;
                case LESS -> left < right;
                case LESS_OR_EQUAL -> left <= right;
            };
        }
    }

    /** {@code a="b"}, {@code a=~"b.*"}. */
    record StringFilter(Matcher matcher) implements LabelFilter {}

    /** {@code status >= 500}. */
    record NumberFilter(String label, Comparison comparison, double value) implements LabelFilter {}

    /** {@code latency > 250ms}; {@code text} is the value as it was written. */
    record DurationFilter(String label, Comparison comparison, long nanos, String text) implements LabelFilter {}

    /** {@code size < 20KB}; {@code text} is the value as it was written. */
    record BytesFilter(String label, Comparison comparison, long bytes, String text) implements LabelFilter {}

    /** {@code addr = ip("10.0.0.0/8")}; {@code negative} for {@code !=}. */
    record IpFilter(String label, boolean negative, String range) implements LabelFilter {}

    record And(LabelFilter left, LabelFilter right) implements LabelFilter {}

    record Or(LabelFilter left, LabelFilter right) implements LabelFilter {}
}
