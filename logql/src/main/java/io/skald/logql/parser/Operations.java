/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.parser;

import io.skald.logql.ast.Expr;
import io.skald.logql.ast.LogExpr;
import io.skald.logql.ast.Position;
import io.skald.logql.ast.SampleExpr;
import io.skald.logql.ast.SampleExpr.BinaryOp;
import io.skald.logql.ast.SampleExpr.Grouping;
import io.skald.logql.ast.SampleExpr.Literal;
import io.skald.logql.ast.SampleExpr.LogRange;
import io.skald.logql.ast.SampleExpr.RangeOp;
import io.skald.logql.ast.SampleExpr.VectorMatching;
import io.skald.logql.ast.SampleExpr.VectorOp;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Makes the nodes of aggregations and operators: refuses combinations that have no meaning, calculates what is constant. */
final class Operations {
    private Operations() {}

    static SampleExpr combine(
            BinaryOp op, Expr left, Expr right, boolean returnBool, VectorMatching matching, Position position) {
        SampleExpr leftSamples = leg("left", op, left, position);
        SampleExpr rightSamples = leg("right", op, right, position);
        if (op.isSet()) {
            refuseLiteral("left", op, leftSamples);
            refuseLiteral("right", op, rightSamples);
        }
        if (leftSamples instanceof Literal a && rightSamples instanceof Literal b) {
            return new Literal(calculate(op, a.value(), b.value()), a.position());
        }
        return new SampleExpr.BinaryOperation(op, leftSamples, rightSamples, returnBool, matching, position);
    }

    private static SampleExpr leg(String side, BinaryOp op, Expr expr, Position position) {
        return switch (expr) {
            case SampleExpr samples -> samples;
            case LogExpr log ->
                throw SyntaxErrors.meaning(
                        position,
                        "unexpected type for " + side + " leg of binary operation (" + op.symbol() + "): *syntax."
                                + (log.stages().isEmpty() ? "MatchersExpr" : "PipelineExpr"));
        };
    }

    private static void refuseLiteral(String side, BinaryOp op, SampleExpr expr) {
        if (expr instanceof Literal literal) {
            throw SyntaxErrors.meaning(
                    literal.position(),
                    "unexpected literal for " + side + " leg of logical/set binary operation (" + op.symbol() + "): "
                            + String.format(Locale.ROOT, "%f", literal.value()));
        }
    }

    /** Between two literals a comparison gives 1 or 0, with or without {@code bool}. */
    private static double calculate(BinaryOp op, double a, double b) {
        return switch (op) {
            case ADD -> a + b;
            case SUB -> a - b;
            case MUL -> a * b;
            case DIV -> a / b;
            case MOD -> a % b;
            case POW -> Math.pow(a, b);
            case EQUAL -> a == b ? 1 : 0;
            case NOT_EQUAL -> a != b ? 1 : 0;
            case GREATER -> a > b ? 1 : 0;
            case GREATER_OR_EQUAL -> a >= b ? 1 : 0;
            case LESS -> a < b ? 1 : 0;
            case LESS_OR_EQUAL -> a <= b ? 1 : 0;
            case OR, AND, UNLESS -> throw new IllegalStateException("a set operation between literals");
        };
    }

    static SampleExpr aggregate(
            VectorOp op, @Nullable String parameter, SampleExpr inner, @Nullable Grouping grouping, Position position) {
        Integer count = null;
        switch (op) {
            case TOPK, BOTTOMK, APPROX_TOPK -> {
                if (parameter == null) {
                    throw SyntaxErrors.meaning(position, "parameter required for operation " + op.text());
                }
                count = count(op, parameter, position);
            }
            case SORT, SORT_DESC -> {
                if (grouping != null) {
                    throw SyntaxErrors.meaning(position, "sort and sort_desc doesn't allow grouping by");
                }
                refuseParameter(op, parameter, position);
            }
            case SUM, AVG, MIN, MAX, COUNT, STDDEV, STDVAR -> refuseParameter(op, parameter, position);
        }
        boolean none =
                grouping != null && !grouping.without() && grouping.labels().isEmpty();
        return new SampleExpr.VectorAggregation(op, count, inner, none ? null : grouping, position);
    }

    private static int count(VectorOp op, String parameter, Position position) {
        int count;
        try {
            count = Integer.parseInt(parameter);
        } catch (NumberFormatException e) {
            throw SyntaxErrors.meaning(position, "invalid parameter " + op.text() + "(" + parameter + ",");
        }
        if (count <= 0) {
            throw SyntaxErrors.meaning(
                    position, "invalid parameter (must be greater than 0) " + op.text() + "(" + parameter);
        }
        return count;
    }

    private static void refuseParameter(VectorOp op, @Nullable String parameter, Position position) {
        if (parameter != null) {
            throw SyntaxErrors.meaning(
                    position, "unsupported parameter for operation " + op.text() + "(" + parameter + ",");
        }
    }

    static SampleExpr aggregate(
            RangeOp op, @Nullable String parameter, LogRange range, @Nullable Grouping grouping, Position position) {
        Double number = null;
        if (op == RangeOp.QUANTILE_OVER_TIME) {
            if (parameter == null) {
                throw SyntaxErrors.meaning(position, "parameter required for operation " + op.text());
            }
            number = parameter(op, parameter, position);
        } else if (parameter != null) {
            throw SyntaxErrors.meaning(
                    position, "parameter " + parameter + " not supported for operation " + op.text());
        }
        if (grouping != null && !allowsGrouping(op)) {
            throw SyntaxErrors.meaning(position, "grouping not allowed for " + op.text() + " aggregation");
        }
        if (range.unwrap() == null && needsUnwrap(op)) {
            throw SyntaxErrors.meaning(position, "invalid aggregation " + op.text() + " without unwrap");
        }
        if (range.unwrap() != null && forbidsUnwrap(op)) {
            throw SyntaxErrors.meaning(position, "invalid aggregation " + op.text() + " with unwrap");
        }
        return new SampleExpr.RangeAggregation(op, number, range, grouping, position);
    }

    private static double parameter(RangeOp op, String parameter, Position position) {
        try {
            return FloatText.parse(parameter);
        } catch (IllegalArgumentException e) {
            throw SyntaxErrors.meaning(
                    position, "invalid parameter for operation " + op.text() + ": " + e.getMessage());
        }
    }

    private static boolean allowsGrouping(RangeOp op) {
        return switch (op) {
            case AVG_OVER_TIME,
                    MIN_OVER_TIME,
                    MAX_OVER_TIME,
                    STDVAR_OVER_TIME,
                    STDDEV_OVER_TIME,
                    QUANTILE_OVER_TIME,
                    FIRST_OVER_TIME,
                    LAST_OVER_TIME -> true;
            case COUNT_OVER_TIME,
                    RATE,
                    RATE_COUNTER,
                    BYTES_OVER_TIME,
                    BYTES_RATE,
                    SUM_OVER_TIME,
                    ABSENT_OVER_TIME,
                    PRESENT_OVER_TIME -> false;
        };
    }

    private static boolean needsUnwrap(RangeOp op) {
        return switch (op) {
            case COUNT_OVER_TIME, RATE, BYTES_OVER_TIME, BYTES_RATE, ABSENT_OVER_TIME, PRESENT_OVER_TIME -> false;
            case RATE_COUNTER,
                    AVG_OVER_TIME,
                    SUM_OVER_TIME,
                    MIN_OVER_TIME,
                    MAX_OVER_TIME,
                    STDVAR_OVER_TIME,
                    STDDEV_OVER_TIME,
                    QUANTILE_OVER_TIME,
                    FIRST_OVER_TIME,
                    LAST_OVER_TIME -> true;
        };
    }

    private static boolean forbidsUnwrap(RangeOp op) {
        return op == RangeOp.COUNT_OVER_TIME || op == RangeOp.BYTES_OVER_TIME || op == RangeOp.BYTES_RATE;
    }
}
