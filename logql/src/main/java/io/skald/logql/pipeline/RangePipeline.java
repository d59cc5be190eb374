/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline;

import io.skald.core.model.Labels;
import io.skald.core.scan.Requirement;
import io.skald.core.scan.ScanRequest;
import io.skald.core.scan.Tally;
import io.skald.logql.ast.SampleExpr;
import io.skald.logql.ast.Stage;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A compiled log range. Immutable. */
final class RangePipeline implements CompiledRange {
    private final List<StepFactory> factories;
    private final List<StepFactory> afterUnwrap;
    private final List<Requirement> requirements;
    private final StreamSamplePipeline.Source source;
    private final SampleExpr.@Nullable Unwrap unwrap;
    private final SampleExpr.@Nullable Grouping grouping;
    private final ScanRequest.Columns columns;
    /** Whether samples depend on nothing but labels and the length of the line. */
    private final boolean countable;
    /** The labels that they depend on; null for all. */
    private final @Nullable Set<String> names;

    RangePipeline(
            SampleExpr.RangeAggregation range, SampleExpr.@Nullable Grouping grouping, @Nullable StageProfile profile) {
        Needed needed = Pipelines.needed(range, grouping);
        List<Stage> stages =
                range.range().log().stages().stream().filter(s -> !isTrue(s)).toList();
        StageCompiler compiler = new StageCompiler(needed, profile);
        this.factories = compiler.compile(stages);
        this.unwrap = range.range().unwrap();
        List<? extends Stage> filters = unwrap == null ? List.of() : unwrap.filters();
        this.afterUnwrap = compiler.compile(List.copyOf(filters));
        this.requirements = Requirements.of(stages);
        this.grouping = grouping;
        this.source = unwrap != null
                ? StreamSamplePipeline.Source.LABEL
                : switch (range.op()) {
                    case BYTES_OVER_TIME, BYTES_RATE -> StreamSamplePipeline.Source.LINE_LENGTH;
                    case COUNT_OVER_TIME,
                            RATE,
                            RATE_COUNTER,
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
                            PRESENT_OVER_TIME -> StreamSamplePipeline.Source.ONE;
                };
        boolean grouped =
                grouping != null && !grouping.without() && grouping.labels().isEmpty();
        boolean lines = stages.stream().anyMatch(s -> StageCompiler.readsLine(s, needed));
        boolean metadata = !grouped || unwrap != null || stages.stream().anyMatch(StageCompiler::readsLabels);
        this.countable = unwrap == null
                && counts(range.op())
                && stages.stream().allMatch(s -> s instanceof Stage.LabelFilterStage);
        this.names = grouping == null || grouping.without() ? null : names(stages, grouping);
        this.columns = new ScanRequest.Columns(source == StreamSamplePipeline.Source.LINE_LENGTH, lines, metadata);
    }

    /** A filter that clients add for the user to fill in, and that lets every line through. */
    private static boolean isTrue(Stage s) {
        return s instanceof Stage.LineFilter f
                && f.op() == Stage.LineOp.CONTAINS
                && f.alternatives().stream().anyMatch(t -> !t.ip() && t.text().isEmpty());
    }

    private static boolean counts(SampleExpr.RangeOp op) {
        return switch (op) {
            case COUNT_OVER_TIME, RATE, BYTES_OVER_TIME, BYTES_RATE, ABSENT_OVER_TIME, PRESENT_OVER_TIME -> true;
            case RATE_COUNTER,
                    AVG_OVER_TIME,
                    SUM_OVER_TIME,
                    MIN_OVER_TIME,
                    MAX_OVER_TIME,
                    STDVAR_OVER_TIME,
                    STDDEV_OVER_TIME,
                    QUANTILE_OVER_TIME,
                    FIRST_OVER_TIME,
                    LAST_OVER_TIME -> false;
        };
    }

    private static @Nullable Set<String> names(List<Stage> stages, SampleExpr.Grouping grouping) {
        Set<String> names = new HashSet<>(grouping.labels());
        return StageCompiler.addReadNames(stages, names) ? names : null;
    }

    @Override
    public boolean countable() {
        return countable;
    }

    @Override
    public boolean countable(Labels streamLabels, Tally tally) {
        if (!countable || !tally.mayHoldAny()) {
            return countable;
        }
        if (names == null) {
            return false;
        }
        for (String name : names) {
            // metadata named as a label of the stream shows under that name with this suffix
            if (name.endsWith(LineState.EXTRACTED) || !streamLabels.has(name) && tally.mayHold(name)) {
                return false;
            }
        }
        return true;
    }

    @Override
    public SamplePipeline forStream(Labels streamLabels) {
        return forStream(streamLabels, new SeriesLabels(grouping, unwrap == null ? null : unwrap.label()));
    }

    @Override
    public SamplePipeline forStream(Labels streamLabels, SamplePipeline before) {
        return forStream(streamLabels, ((StreamSamplePipeline) before).series().forNextStream());
    }

    private SamplePipeline forStream(Labels streamLabels, SeriesLabels series) {
        return new StreamSamplePipeline(
                streamLabels,
                Pipelines.bind(factories, streamLabels),
                source,
                unwrap,
                Pipelines.bind(afterUnwrap, streamLabels),
                series);
    }

    @Override
    public List<Requirement> requirements() {
        return requirements;
    }

    @Override
    public ScanRequest.Columns columns() {
        return columns;
    }
}
