/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.parser;

import io.skald.logql.ast.Expr;
import io.skald.logql.ast.LogExpr;
import io.skald.logql.ast.SampleExpr;
import io.skald.logql.ast.SampleExpr.BinaryOperation;
import io.skald.logql.ast.SampleExpr.Grouping;
import io.skald.logql.ast.SampleExpr.LabelReplace;
import io.skald.logql.ast.SampleExpr.LogRange;
import io.skald.logql.ast.SampleExpr.RangeAggregation;
import io.skald.logql.ast.SampleExpr.Unwrap;
import io.skald.logql.ast.SampleExpr.VectorAggregation;
import io.skald.logql.ast.Stage;

/** Breaks what is too long for a line: arguments one level in, stages two, an operator between its sides. */
final class PrettyPrinter {
    /** Longest canonical form that stays on one line. */
    private static final int MAX_LINE = 100;

    private final StringBuilder out = new StringBuilder();

    private PrettyPrinter() {}

    static String print(Expr expr) {
        PrettyPrinter printer = new PrettyPrinter();
        printer.expr(expr, 0);
        return printer.out.toString();
    }

    private void expr(Expr expr, int level) {
        String oneLine = Printer.printShort(expr, MAX_LINE);
        if (oneLine != null) {
            line(level, oneLine);
            return;
        }
        switch (expr) {
            case LogExpr log -> log(log, level);
            case RangeAggregation range -> range(range, level);
            case VectorAggregation vector -> vector(vector, level);
            case BinaryOperation binary -> binary(binary, level);
            case LabelReplace replace -> {
                line(level, "label_replace(");
                newLine();
                expr(replace.inner(), level + 1);
                for (String argument : Printer.arguments(replace)) {
                    out.append(',');
                    newLine();
                    line(level + 1, argument);
                }
                newLine();
                line(level, ")");
            }
            case SampleExpr.Literal literal -> line(level, Printer.print(literal));
            case SampleExpr.Vector vector -> line(level, Printer.print(vector));
        }
    }

    private void log(LogExpr log, int level) {
        line(level, Printer.print(log.matchers()));
        for (Stage stage : log.stages()) {
            newLine();
            line(level + 1, Printer.print(stage));
        }
    }

    private void range(RangeAggregation aggregation, int level) {
        line(level, aggregation.op().text() + "(");
        newLine();
        Double parameter = aggregation.parameter();
        if (parameter != null) {
            line(level + 1, FloatText.format(parameter) + ",");
            newLine();
        }
        LogRange range = aggregation.range();
        log(range.log(), level + 1);
        Unwrap unwrap = range.unwrap();
        if (unwrap != null) {
            newLine();
            line(level + 2, Printer.print(unwrap));
            for (Stage.LabelFilterStage filter : unwrap.filters()) {
                newLine();
                line(level + 2, Printer.print(filter));
            }
        }
        out.append(' ').append(Printer.window(range));
        newLine();
        line(level, ")");
        Grouping grouping = aggregation.grouping();
        if (grouping != null) {
            out.append(' ').append(Printer.print(grouping));
        }
    }

    private void vector(VectorAggregation vector, int level) {
        Grouping grouping = vector.grouping();
        line(level, vector.op().text() + (grouping == null ? "" : " " + Printer.print(grouping)) + "(");
        newLine();
        if (vector.parameter() != null) {
            line(level + 1, vector.parameter() + ",");
            newLine();
        }
        expr(vector.inner(), level + 1);
        newLine();
        line(level, ")");
    }

    private void binary(BinaryOperation binary, int level) {
        line(level, "(");
        newLine();
        expr(binary.left(), level + 1);
        newLine();
        line(level, Printer.operator(binary));
        newLine();
        expr(binary.right(), level + 1);
        newLine();
        line(level, ")");
    }

    private void line(int level, String text) {
        out.append("  ".repeat(level)).append(text);
    }

    private void newLine() {
        out.append('\n');
    }
}
