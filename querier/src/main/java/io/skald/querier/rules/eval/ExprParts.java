/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.eval;

import io.skald.core.model.Labels;
import io.skald.core.model.Matcher;
import io.skald.logql.ast.LabelFilter;
import io.skald.logql.ast.LogExpr;
import io.skald.logql.ast.Position;
import io.skald.logql.ast.SampleExpr;
import io.skald.logql.ast.SampleExpr.LogRange;
import io.skald.logql.ast.Stage;
import io.skald.querier.rules.model.Condition;
import io.skald.querier.rules.model.Rule;
import java.util.ArrayList;
import java.util.List;

/** Which lines a rule looks at. */
final class ExprParts {
    private ExprParts() {}

    /**
     * A window of a rule: at T it looks at the lines in (T − back, T − until].
     *
     * @param log their selector and stages
     */
    record Window(LogExpr log, long backNanos, long untilNanos) {}

    static List<Window> windows(Rule rule) {
        return switch (rule) {
            case Rule.Alert a -> windows(a.condition());
            case Rule.Recording r -> windows(r.query());
        };
    }

    static List<Window> windows(Condition condition) {
        List<Window> out = new ArrayList<>();
        switch (condition) {
            case Condition.Query q -> collect(q.expr(), out);
            case Condition.Silence s ->
                out.add(new Window(
                        new LogExpr(s.matchers(), List.of(), Position.START),
                        s.silentFor().toNanos(),
                        0));
        }
        return out;
    }

    private static void collect(SampleExpr expr, List<Window> out) {
        switch (expr) {
            case SampleExpr.RangeAggregation r -> {
                LogRange range = r.range();
                out.add(new Window(range.log(), range.rangeNanos() + range.offsetNanos(), range.offsetNanos()));
            }
            case SampleExpr.VectorAggregation v -> collect(v.inner(), out);
            case SampleExpr.BinaryOperation b -> {
                collect(b.left(), out);
                collect(b.right(), out);
            }
            case SampleExpr.LabelReplace l -> collect(l.inner(), out);
            case SampleExpr.Literal l -> {}
            case SampleExpr.Vector v -> {}
        }
    }

    /** The lines of one series: those with its labels. */
    static LogExpr lines(LogExpr log, Labels series) {
        List<Stage> stages = new ArrayList<>(log.stages());
        for (int i = 0; i < series.size(); i++) {
            if (!series.name(i).startsWith("__")) {
                Matcher m = new Matcher(series.name(i), Matcher.Op.EQUAL, series.value(i));
                stages.add(new Stage.LabelFilterStage(new LabelFilter.StringFilter(m), Position.START));
            }
        }
        return new LogExpr(log.matchers(), stages, log.position());
    }
}
