/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.metric;

import io.skald.logql.ast.SampleExpr.BinaryOp;

/** Operators between two numbers. */
public final class Arithmetic {
    private Arithmetic() {}

    /**
     * The result; for a comparison 1 or 0. Dividing by zero gives NaN, as clients know it from Loki.
     *
     * @throws IllegalArgumentException for a set operator
     */
    public static double apply(BinaryOp op, double a, double b) {
        return switch (op) {
            case ADD -> a + b;
            case SUB -> a - b;
            case MUL -> a * b;
            case DIV -> b == 0 ? Double.NaN : a / b;
            case MOD -> a % b;
            case POW -> Math.pow(a, b);
            case EQUAL -> number(a == b);
            case NOT_EQUAL -> number(a != b);
            case GREATER -> number(a > b);
            case GREATER_OR_EQUAL -> number(a >= b);
            case LESS -> number(a < b);
            case LESS_OR_EQUAL -> number(a <= b);
            case OR, AND, UNLESS -> throw new IllegalArgumentException(op.symbol() + " of numbers");
        };
    }

    private static double number(boolean b) {
        return b ? 1 : 0;
    }
}
