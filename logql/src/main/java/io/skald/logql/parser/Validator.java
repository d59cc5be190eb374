/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.parser;

import io.skald.core.model.Matcher;
import io.skald.logql.ast.Expr;
import io.skald.logql.ast.LogExpr;
import io.skald.logql.ast.Position;
import io.skald.logql.ast.SampleExpr;
import io.skald.logql.ast.Stage;

/** What is checked when the whole tree is there: that each selector selects something, and that each stage can be compiled. */
final class Validator {
    private static final String NOTHING_SELECTED =
            "queries require at least one regexp or equality matcher that does not have an empty-compatible value."
                    + " For instance, app=~\".*\" does not meet this requirement, but app=~\".+\" will";

    private Validator() {}

    static void check(Expr expr) {
        switch (expr) {
            case LogExpr log -> checkLog(log);
            case SampleExpr.RangeAggregation range -> checkRange(range.range());
            case SampleExpr.VectorAggregation vector -> checkInner(vector.inner());
            case SampleExpr.LabelReplace replace -> checkInner(replace.inner());
            case SampleExpr.BinaryOperation binary -> {
                check(binary.left());
                check(binary.right());
            }
            case SampleExpr.Literal literal -> {}
            case SampleExpr.Vector vector -> {}
        }
    }

    /** A function over series has nothing to work on in a literal. */
    private static void checkInner(SampleExpr inner) {
        if (inner instanceof SampleExpr.Literal literal) {
            throw nothingSelected(literal.position());
        }
        check(inner);
    }

    private static void checkRange(SampleExpr.LogRange range) {
        checkLog(range.log());
        for (Stage stage : range.log().stages()) {
            if (isLast(stage)) {
                throw SyntaxErrors.at(
                        stage.position(), false, Printer.print(stage).substring(2) + " not allowed in a metric query");
            }
        }
        if (range.unwrap() != null) {
            range.unwrap().filters().forEach(StageCheck::check);
        }
    }

    private static void checkLog(LogExpr log) {
        if (log.matchers().stream().noneMatch(Validator::selects)) {
            throw nothingSelected(log.position());
        }
        log.stages().forEach(StageCheck::check);
        for (int i = 1; i < log.stages().size(); i++) {
            Stage before = log.stages().get(i - 1);
            if (isLast(before)) {
                throw SyntaxErrors.at(
                        log.stages().get(i).position(),
                        false,
                        "no stage may follow " + Printer.print(before).substring(2));
            }
        }
    }

    /** Whether a stage looks at the lines together, and so must come after all others. */
    private static boolean isLast(Stage stage) {
        return stage instanceof Stage.Distinct || stage instanceof Stage.Context;
    }

    private static boolean selects(Matcher m) {
        boolean positive = m.op() == Matcher.Op.EQUAL || m.op() == Matcher.Op.REGEX;
        return positive && !m.matchesEmpty();
    }

    private static SyntaxException nothingSelected(Position position) {
        return SyntaxErrors.meaning(position, NOTHING_SELECTED);
    }
}
