/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.parser;

import io.skald.core.model.Matcher;
import io.skald.logql.ast.Expr;
import io.skald.logql.ast.LogExpr;
import io.skald.logql.ast.Position;
import io.skald.logql.ast.SampleExpr;

/** What is checked when the whole tree is there: that each selector selects something. */
final class Validator {
    private static final String NOTHING_SELECTED =
            "queries require at least one regexp or equality matcher that does not have an empty-compatible value."
                    + " For instance, app=~\".*\" does not meet this requirement, but app=~\".+\" will";

    private Validator() {}

    static void check(Expr expr) {
        switch (expr) {
            case LogExpr log -> checkLog(log);
            case SampleExpr.RangeAggregation range -> checkLog(range.range().log());
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

    private static void checkLog(LogExpr log) {
        for (Matcher m : log.matchers()) {
            boolean selects = m.op() == Matcher.Op.EQUAL || m.op() == Matcher.Op.REGEX;
            if (selects && !m.matchesEmpty()) {
                return;
            }
        }
        throw nothingSelected(log.position());
    }

    private static SyntaxException nothingSelected(Position position) {
        return SyntaxErrors.meaning(position, NOTHING_SELECTED);
    }
}
