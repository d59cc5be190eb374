/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.engine;

import io.skald.core.model.Labels;
import io.skald.core.model.Matcher;
import io.skald.core.model.StoreException;
import io.skald.core.scan.LogSource;
import io.skald.core.scan.ScanRequest;
import io.skald.logql.ast.SampleExpr;
import io.skald.logql.ast.SampleExpr.BinaryOperation;
import io.skald.logql.ast.SampleExpr.Grouping;
import io.skald.logql.ast.SampleExpr.LabelReplace;
import io.skald.logql.ast.SampleExpr.Literal;
import io.skald.logql.ast.SampleExpr.RangeAggregation;
import io.skald.logql.ast.SampleExpr.RangeOp;
import io.skald.logql.ast.SampleExpr.Vector;
import io.skald.logql.ast.SampleExpr.VectorAggregation;
import io.skald.logql.ast.SampleExpr.VectorOp;
import io.skald.logql.metric.Arithmetic;
import io.skald.logql.metric.LabelReplacer;
import io.skald.logql.metric.MemoryBudget;
import io.skald.logql.metric.SeriesSink;
import io.skald.logql.metric.SeriesTable;
import io.skald.logql.metric.SeriesWindows;
import io.skald.logql.metric.Steps;
import io.skald.logql.metric.Values;
import io.skald.logql.metric.VectorAggregator;
import io.skald.logql.metric.VectorMatcher;
import io.skald.logql.metric.Windows;
import io.skald.logql.pipeline.Pipelines;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/**
 * One metric query. Each node of the tree passes its series on to the node above, all steps of a series at once, so that a node keeps no
 * more than its own result needs.
 */
final class MetricQuery {
    private final QueryRequest request;
    private final SampleExpr expr;
    private final LogSource source;
    private final int maxSeries;
    private final Workers workers;
    private final Steps steps;
    private final MemoryBudget budget;
    private final ScanTotals totals = new ScanTotals();

    /** @param maxSeries most series; a negative number is no limit */
    MetricQuery(
            QueryRequest request,
            SampleExpr expr,
            LogSource source,
            int maxSeries,
            MemoryBudget budget,
            Workers workers) {
        this.request = request;
        this.expr = expr;
        this.source = source;
        this.maxSeries = maxSeries;
        this.workers = workers;
        this.budget = budget;
        this.steps = request.instant()
                ? Steps.instant(request.startNanos())
                : Steps.covering(request.startNanos(), request.endNanos(), request.stepNanos());
    }

    QueryResult run() throws StoreException, InterruptedException {
        OptionalDouble number = fold(expr);
        if (number.isPresent() && request.instant()) {
            return result(new QueryResult.Scalar(request.startNanos(), number.getAsDouble()));
        }
        Answer answer = new Answer(steps, maxSeries, budget);
        if (number.isPresent()) {
            constant(number.getAsDouble(), answer);
        } else {
            evaluate(expr, answer);
        }
        return result(request.instant() ? answer.vector(order(expr)) : answer.matrix());
    }

    /** What it asks its source for, one request for each range aggregation. */
    List<ScanRequest> scanRequests() {
        List<ScanRequest> requests = new ArrayList<>();
        collect(expr, null, requests);
        return requests;
    }

    private void collect(SampleExpr e, @Nullable Grouping outer, List<ScanRequest> requests) {
        switch (e) {
            case Literal literal -> {}
            case Vector vector -> {}
            case RangeAggregation range ->
                requests.add(new RangeScan(range, outer, windows(range), budget, -1, workers).request());
            case VectorAggregation vector -> collect(vector.inner(), Pipelines.innerGrouping(vector), requests);
            case LabelReplace replace -> collect(replace.inner(), null, requests);
            case BinaryOperation binary -> {
                collect(binary.left(), null, requests);
                collect(binary.right(), null, requests);
            }
        }
    }

    private Windows windows(RangeAggregation range) {
        return new Windows(steps, range.range().rangeNanos(), range.range().offsetNanos());
    }

    private QueryResult result(QueryResult.Data data) {
        return new QueryResult(data, totals.stats(), totals.warnings());
    }

    private static Answer.Order order(SampleExpr expr) {
        if (expr instanceof VectorAggregation v) {
            if (v.op() == VectorOp.SORT) {
                return Answer.Order.ASCENDING;
            }
            if (v.op() == VectorOp.SORT_DESC) {
                return Answer.Order.DESCENDING;
            }
        }
        return Answer.Order.LABELS;
    }

    /** The value of an expression of numbers only. */
    private static OptionalDouble fold(SampleExpr e) {
        return switch (e) {
            case Literal literal -> OptionalDouble.of(literal.value());
            case BinaryOperation b -> {
                OptionalDouble left = fold(b.left());
                OptionalDouble right = fold(b.right());
                yield left.isPresent() && right.isPresent()
                        ? OptionalDouble.of(Arithmetic.apply(b.op(), left.getAsDouble(), right.getAsDouble()))
                        : OptionalDouble.empty();
            }
            case RangeAggregation range -> OptionalDouble.empty();
            case VectorAggregation aggregation -> OptionalDouble.empty();
            case Vector vector -> OptionalDouble.empty();
            case LabelReplace replace -> OptionalDouble.empty();
        };
    }

    private void evaluate(SampleExpr e, SeriesSink sink) throws StoreException, InterruptedException {
        switch (e) {
            case Literal literal -> constant(literal.value(), sink);
            case Vector vector -> constant(vector.value(), sink);
            case RangeAggregation range -> range(range, null, sink);
            case VectorAggregation vector -> {
                VectorAggregator aggregator = new VectorAggregator(vector, steps.count(), budget);
                Grouping inner = Pipelines.innerGrouping(vector);
                if (inner != null && vector.inner() instanceof RangeAggregation range) {
                    range(range, inner, aggregator);
                } else {
                    evaluate(vector.inner(), aggregator);
                }
                aggregator.finish(sink);
            }
            case LabelReplace replace -> {
                LabelReplacer replacer = new LabelReplacer(replace);
                SeriesTable table = new SeriesTable(budget);
                evaluate(replace.inner(), (labels, values) -> table.accept(replacer.apply(labels), values));
                table.drainSorted(sink);
            }
            case BinaryOperation binary -> binary(binary, sink);
        }
    }

    private void constant(double value, SeriesSink sink) {
        double[] values = new double[steps.count()];
        Arrays.fill(values, value);
        sink.accept(Labels.EMPTY, values);
    }

    private void range(RangeAggregation range, @Nullable Grouping outer, SeriesSink sink)
            throws StoreException, InterruptedException {
        Windows windows = windows(range);
        // where every series found will be one of the answer, too many can be refused before they are all read
        int most = range.equals(expr) && range.op() != RangeOp.ABSENT_OVER_TIME ? maxSeries : -1;
        Map<Labels, SeriesWindows> series =
                new RangeScan(range, outer, windows, budget, most, workers).run(source, totals);
        double[] values = new double[steps.count()];
        if (range.op() == RangeOp.ABSENT_OVER_TIME) {
            double[] absent = new double[steps.count()];
            Arrays.fill(absent, 1);
            for (SeriesWindows s : series.values()) {
                s.finish(values);
                for (int k = 0; k < values.length; k++) {
                    if (!Values.absent(values[k])) {
                        absent[k] = Values.ABSENT;
                    }
                }
            }
            sink.accept(equalities(range.range().log().matchers()), absent);
            return;
        }
        series.forEach((labels, s) -> {
            s.finish(values);
            sink.accept(labels, values);
        });
    }

    /** The labels that matchers fix, for a series that is not there. */
    private static Labels equalities(List<Matcher> matchers) {
        Labels.Builder b = new Labels.Builder();
        for (Matcher m : matchers) {
            if (m.op() == Matcher.Op.EQUAL) {
                b.set(m.name(), m.value());
            }
        }
        return b.build();
    }

    private void binary(BinaryOperation b, SeriesSink sink) throws StoreException, InterruptedException {
        OptionalDouble left = fold(b.left());
        OptionalDouble right = fold(b.right());
        if (left.isPresent() && right.isPresent()) {
            constant(Arithmetic.apply(b.op(), left.getAsDouble(), right.getAsDouble()), sink);
        } else if (left.isPresent() || right.isPresent()) {
            boolean numberFirst = left.isPresent();
            double number = numberFirst ? left.getAsDouble() : right.getAsDouble();
            evaluate(numberFirst ? b.right() : b.left(), (labels, values) -> {
                double[] results = new double[values.length];
                for (int k = 0; k < values.length; k++) {
                    results[k] = withNumber(b, values[k], number, numberFirst);
                }
                if (Values.any(results)) {
                    sink.accept(labels, results);
                }
            });
        } else {
            SeriesTable leftTable = new SeriesTable(budget);
            SeriesTable rightTable = new SeriesTable(budget);
            evaluate(b.left(), leftTable);
            evaluate(b.right(), rightTable);
            SeriesTable results = new SeriesTable(budget);
            new VectorMatcher(b, steps.count()).apply(leftTable, rightTable, results);
            results.drainSorted(sink);
        }
    }

    private static double withNumber(BinaryOperation b, double sample, double number, boolean numberFirst) {
        if (Values.absent(sample)) {
            return Values.ABSENT;
        }
        double v = numberFirst ? Arithmetic.apply(b.op(), number, sample) : Arithmetic.apply(b.op(), sample, number);
        if (b.op().isComparison() && !b.returnBool()) {
            // a filter: what stays is the sample, on whichever side it stands
            return v == 1 ? sample : Values.ABSENT;
        }
        return v;
    }
}
