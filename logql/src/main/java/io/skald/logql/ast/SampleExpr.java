/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.ast;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** A metric query. */
public sealed interface SampleExpr extends Expr {
    /**
     * A log pipeline over a window: {@code {app="web"} | json | unwrap latency [5m] offset 1h}. The window of a sample at t is
     * (t − offset − range, t − offset].
     *
     * @param rangeNanos length of the window
     * @param offsetNanos how far back it lies; may be negative
     */
    record LogRange(LogExpr log, @Nullable Unwrap unwrap, long rangeNanos, long offsetNanos, Position position) {}

    /**
     * {@code | unwrap duration(latency) | __error__=""}.
     *
     * @param label where the value comes from
     * @param conversion how it is read
     * @param filters label filters after it
     */
    record Unwrap(String label, Conversion conversion, List<Stage.LabelFilterStage> filters, Position position) {
        public Unwrap {
            filters = List.copyOf(filters);
        }
    }

    /** How the text of an unwrapped label becomes a number. */
    enum Conversion {
        NUMBER,
        BYTES,
        DURATION,
        DURATION_SECONDS
    }

    /** {@code by (a, b)} or {@code without (a)}; null where it is optional and absent. */
    record Grouping(List<String> labels, boolean without) {
        public Grouping {
            labels = List.copyOf(labels);
        }
    }

    /** Functions over a window. */
    enum RangeOp {
        COUNT_OVER_TIME,
        RATE,
        RATE_COUNTER,
        BYTES_OVER_TIME,
        BYTES_RATE,
        AVG_OVER_TIME,
        SUM_OVER_TIME,
        MIN_OVER_TIME,
        MAX_OVER_TIME,
        STDVAR_OVER_TIME,
        STDDEV_OVER_TIME,
        QUANTILE_OVER_TIME,
        FIRST_OVER_TIME,
        LAST_OVER_TIME,
        ABSENT_OVER_TIME,
        PRESENT_OVER_TIME;

        /** The name in query text. */
        public String text() {
            return name().toLowerCase(java.util.Locale.ROOT);
        }
    }

    /** {@code quantile_over_time(0.99, … [5m]) by (app)}; {@code parameter} only for the quantile. */
    record RangeAggregation(
            RangeOp op,
            @Nullable Double parameter,
            LogRange range,
            @Nullable Grouping grouping,
            Position position) implements SampleExpr {}

    /** Aggregations over series. */
    enum VectorOp {
        SUM,
        AVG,
        MIN,
        MAX,
        COUNT,
        STDDEV,
        STDVAR,
        BOTTOMK,
        TOPK,
        APPROX_TOPK,
        SORT,
        SORT_DESC;

        /** The name in query text. */
        public String text() {
            return name().toLowerCase(java.util.Locale.ROOT);
        }
    }

    /** {@code topk(5, …) by (app)}; {@code parameter} only for the k-functions. */
    record VectorAggregation(
            VectorOp op,
            @Nullable Integer parameter,
            SampleExpr inner,
            @Nullable Grouping grouping,
            Position position) implements SampleExpr {}

    /** Operators between samples, in groups of rising precedence: or; and, unless; comparisons; + −; * / %; ^. */
    enum BinaryOp {
        OR("or", 1),
        AND("and", 2),
        UNLESS("unless", 2),
        EQUAL("==", 3),
        NOT_EQUAL("!=", 3),
        GREATER(">", 3),
        GREATER_OR_EQUAL(">=", 3),
        LESS("<", 3),
        LESS_OR_EQUAL("<=", 3),
        ADD("+", 4),
        SUB("-", 4),
        MUL("*", 5),
        DIV("/", 5),
        MOD("%", 5),
        POW("^", 6);

        private final String symbol;
        private final int precedence;

        BinaryOp(String symbol, int precedence) {
            this.symbol = symbol;
            this.precedence = precedence;
        }

        public String symbol() {
            return symbol;
        }

        /** Higher binds tighter; only {@code ^} is right-associative. */
        public int precedence() {
            return precedence;
        }

        public boolean isSet() {
            return this == OR || this == AND || this == UNLESS;
        }

        public boolean isComparison() {
            return precedence == 3;
        }
    }

    /** Which side may have several series per match group. */
    enum Cardinality {
        ONE_TO_ONE,
        MANY_TO_ONE,
        ONE_TO_MANY
    }

    /**
     * {@code on (a) group_left (b)}.
     *
     * @param on whether {@code labels} are those that must agree; otherwise those that are ignored
     * @param include labels copied from the "one" side
     */
    record VectorMatching(Cardinality cardinality, boolean on, List<String> labels, List<String> include) {
        /** All labels must agree, one to one. */
        public static final VectorMatching DEFAULT =
                new VectorMatching(Cardinality.ONE_TO_ONE, false, List.of(), List.of());

        public VectorMatching {
            labels = List.copyOf(labels);
            include = List.copyOf(include);
        }
    }

    /** {@code a / on (app) b}; {@code returnBool} for {@code > bool}. */
    record BinaryOperation(
            BinaryOp op,
            SampleExpr left,
            SampleExpr right,
            boolean returnBool,
            VectorMatching matching,
            Position position)
            implements SampleExpr {}

    /** A number. */
    record Literal(double value, Position position) implements SampleExpr {}

    /** {@code vector(1)}. */
    record Vector(double value, Position position) implements SampleExpr {}

    /** {@code label_replace(v, "dst", "$1", "src", "(.*)")}. */
    record LabelReplace(
            SampleExpr inner, String destination, String replacement, String source, String regexp, Position position)
            implements SampleExpr {}
}
