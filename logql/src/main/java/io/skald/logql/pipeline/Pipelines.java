/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline;

import io.skald.core.model.Labels;
import io.skald.core.scan.Requirement;
import io.skald.core.scan.ScanRequest;
import io.skald.logql.ast.SampleExpr;
import io.skald.logql.ast.Stage;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Compiles pipelines, once per query. */
public final class Pipelines {
    private Pipelines() {}

    /**
     * Compiles the stages of a log query.
     *
     * @throws io.skald.logql.parser.SyntaxException if a stage cannot run: a bad regular expression, pattern, address range or template
     */
    public static CompiledPipeline compile(List<Stage> stages) {
        return compile(stages, null);
    }

    /**
     * The same, with a look at each stage.
     *
     * @param profile where stages say what they did, or null
     */
    public static CompiledPipeline compile(List<Stage> stages, @Nullable StageProfile profile) {
        List<StepFactory> factories = new StageCompiler(Needed.ALL, profile).compile(stages);
        List<Requirement> requirements = Requirements.of(stages);
        return new CompiledPipeline() {
            @Override
            public LinePipeline forStream(Labels streamLabels) {
                return new StreamLinePipeline(streamLabels, bind(factories, streamLabels));
            }

            @Override
            public List<Requirement> requirements() {
                return requirements;
            }

            @Override
            public ScanRequest.Columns columns() {
                return ScanRequest.Columns.ALL;
            }
        };
    }

    /** The same for a range that stands alone. */
    public static CompiledRange compileRange(SampleExpr.RangeAggregation range) {
        return compileRange(range, null, null);
    }

    /**
     * The grouping that a vector aggregation can hand to the range aggregation within it, or null: a sum of counts, rates or sums needs
     * only its own labels, so that parsers may leave out the others. The series of the range come out grouped like this, and the sum over
     * them is the same.
     */
    public static SampleExpr.@Nullable Grouping innerGrouping(SampleExpr.VectorAggregation outer) {
        if (outer.op() != SampleExpr.VectorOp.SUM
                || !(outer.inner() instanceof SampleExpr.RangeAggregation range)
                || range.grouping() != null) {
            return null;
        }
        SampleExpr.Grouping none = new SampleExpr.Grouping(List.of(), false);
        SampleExpr.Grouping grouping = outer.grouping() == null ? none : outer.grouping();
        return switch (range.op()) {
            case COUNT_OVER_TIME, RATE, BYTES_OVER_TIME, BYTES_RATE, SUM_OVER_TIME -> grouping;
            case RATE_COUNTER,
                    AVG_OVER_TIME,
                    MIN_OVER_TIME,
                    MAX_OVER_TIME,
                    STDVAR_OVER_TIME,
                    STDDEV_OVER_TIME,
                    QUANTILE_OVER_TIME,
                    FIRST_OVER_TIME,
                    LAST_OVER_TIME,
                    ABSENT_OVER_TIME,
                    PRESENT_OVER_TIME -> null;
        };
    }

    /**
     * Compiles a log range and what its aggregation needs of it.
     *
     * @param outer the grouping of the sum around it as {@link #innerGrouping} gives it, or null
     * @param profile where stages say what they did, or null
     * @throws io.skald.logql.parser.SyntaxException as {@link #compile}
     */
    public static CompiledRange compileRange(
            SampleExpr.RangeAggregation range, SampleExpr.@Nullable Grouping outer, @Nullable StageProfile profile) {
        return new RangePipeline(range, range.grouping() != null ? range.grouping() : outer, profile);
    }

    static Step[] bind(List<StepFactory> factories, Labels stream) {
        Step[] steps = new Step[factories.size()];
        for (int i = 0; i < steps.length; i++) {
            steps[i] = factories.get(i).forStream(stream);
        }
        return steps;
    }

    /** What parsers must extract for a range with this grouping. */
    static Needed needed(SampleExpr.RangeAggregation range, SampleExpr.@Nullable Grouping grouping) {
        if (grouping == null || grouping.without()) {
            return Needed.ALL;
        }
        Set<String> names = new HashSet<>(grouping.labels());
        if (!StageCompiler.addReadNames(range.range().log().stages(), names)) {
            return Needed.ALL;
        }
        SampleExpr.Unwrap unwrap = range.range().unwrap();
        if (unwrap != null) {
            names.add(unwrap.label());
            if (!StageCompiler.addReadNames(unwrap.filters(), names)) {
                return Needed.ALL;
            }
        }
        return Needed.only(names);
    }
}
