/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.engine;

import io.skald.core.model.Labels;
import io.skald.core.model.Matcher;
import io.skald.core.scan.Direction;
import io.skald.logql.ast.LogExpr;
import io.skald.logql.ast.SampleExpr.RangeAggregation;
import io.skald.logql.ast.SampleExpr.RangeOp;
import io.skald.logql.pipeline.CompiledRange;
import io.skald.logql.pipeline.LinePipeline;
import io.skald.logql.pipeline.Pipelines;
import io.skald.logql.pipeline.SamplePipeline;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** What queries mean, without any thought of speed: for each step, every entry is looked at. */
final class NaiveEvaluator {
    private NaiveEvaluator() {}

    private record Sample(long time, int stream, double value) {}

    static Map<Labels, Map<Long, Double>> range(RangeAggregation a, MemoryLogSource source, List<Long> times) {
        Map<Labels, Map<Long, Double>> result = new TreeMap<>();
        CompiledRange compiled = Pipelines.compileRange(a);
        long offset = a.range().offsetNanos();
        for (long t : times) {
            Map<Labels, List<Sample>> windows = new HashMap<>();
            int stream = 0;
            for (Map.Entry<Labels, List<MemoryLogSource.Entry>> s :
                    source.streams().entrySet()) {
                if (!Matcher.all(a.range().log().matchers(), s.getKey())) {
                    continue;
                }
                SamplePipeline p = compiled.forStream(s.getKey());
                stream++;
                for (MemoryLogSource.Entry e : s.getValue()) {
                    long time = e.timestampNanos();
                    byte[] line = e.line().array();
                    if (time > t - offset - a.range().rangeNanos()
                            && time <= t - offset
                            && p.process(time, line, 0, line.length, e.metadata())) {
                        windows.computeIfAbsent(p.seriesLabels(), missing -> new ArrayList<>())
                                .add(new Sample(time, stream, p.value()));
                    }
                }
            }
            if (a.op() == RangeOp.ABSENT_OVER_TIME) {
                if (windows.isEmpty()) {
                    result.computeIfAbsent(Labels.EMPTY, missing -> new TreeMap<>())
                            .put(t, 1.0);
                }
                continue;
            }
            windows.forEach((labels, samples) -> {
                samples.sort(Comparator.comparingLong(Sample::time).thenComparingInt(Sample::stream));
                result.computeIfAbsent(labels, missing -> new TreeMap<>()).put(t, value(a, samples));
            });
        }
        return result;
    }

    private static double value(RangeAggregation a, List<Sample> samples) {
        double[] v = samples.stream().mapToDouble(Sample::value).toArray();
        double seconds = a.range().rangeNanos() / 1e9;
        double sum = Arrays.stream(v).sum();
        double mean = sum / v.length;
        double variance = Arrays.stream(v).map(x -> (x - mean) * (x - mean)).sum() / v.length;
        return switch (a.op()) {
            case COUNT_OVER_TIME -> v.length;
            case RATE, BYTES_RATE -> sum / seconds;
            case BYTES_OVER_TIME, SUM_OVER_TIME -> sum;
            case AVG_OVER_TIME -> mean;
            case MIN_OVER_TIME -> Arrays.stream(v).min().orElseThrow();
            case MAX_OVER_TIME -> Arrays.stream(v).max().orElseThrow();
            case STDVAR_OVER_TIME -> variance;
            case STDDEV_OVER_TIME -> Math.sqrt(variance);
            case FIRST_OVER_TIME -> v[0];
            case LAST_OVER_TIME -> v[v.length - 1];
            case QUANTILE_OVER_TIME -> {
                double[] sorted = v.clone();
                Arrays.sort(sorted);
                double place = Objects.requireNonNull(a.parameter()) * (v.length - 1);
                int low = (int) place;
                int high = Math.min(v.length - 1, low + 1);
                yield sorted[low] + (sorted[high] - sorted[low]) * (place - low);
            }
            case RATE_COUNTER -> counterRate(samples, a.range().rangeNanos());
            case PRESENT_OVER_TIME -> 1;
            case ABSENT_OVER_TIME -> throw new IllegalArgumentException();
        };
    }

    private static double counterRate(List<Sample> samples, long rangeNanos) {
        Sample first = samples.getFirst();
        Sample last = samples.getLast();
        double covered = (last.time() - first.time()) / 1e9;
        if (covered == 0) {
            return 0;
        }
        double increase = last.value() - first.value();
        for (int i = 1; i < samples.size(); i++) {
            if (samples.get(i).value() < samples.get(i - 1).value()) {
                increase += samples.get(i - 1).value();
            }
        }
        double extra = (rangeNanos / 1e6) / 1e9;
        if (increase > 0 && first.value() >= 0) {
            extra = Math.min(extra, covered * first.value() / increase);
        }
        double between = covered / (samples.size() - 1);
        return increase * ((covered + (extra < between * 1.1 ? extra : between / 2)) / covered) / (rangeNanos / 1e9);
    }

    static Map<Labels, Map<Long, Double>> aggregate(String op, String grouping, Map<Labels, Map<Long, Double>> series) {
        Map<Labels, Map<Long, List<Double>>> groups = new TreeMap<>();
        series.forEach((labels, row) -> {
            Labels.Builder b = new Labels.Builder();
            for (String name : labels.names()) {
                boolean keep = switch (grouping) {
                    case " by (app)" -> name.equals("app");
                    case " without (pod)" -> !name.equals("pod");
                    case " by (pod, k)" -> name.equals("pod") || name.equals("k");
                    default -> false;
                };
                if (keep) {
                    b.set(name, labels.getOrEmpty(name));
                }
            }
            row.forEach((t, v) -> groups.computeIfAbsent(b.build(), missing -> new TreeMap<>())
                    .computeIfAbsent(t, missing -> new ArrayList<>())
                    .add(v));
        });
        Map<Labels, Map<Long, Double>> result = new TreeMap<>();
        groups.forEach((labels, row) -> row.forEach((t, values) -> {
            double[] v = values.stream().mapToDouble(Double::doubleValue).toArray();
            double mean = Arrays.stream(v).sum() / v.length;
            double variance = Arrays.stream(v).map(x -> (x - mean) * (x - mean)).sum() / v.length;
            double r = switch (op) {
                case "sum" -> Arrays.stream(v).sum();
                case "avg" -> mean;
                case "min" -> Arrays.stream(v).min().orElseThrow();
                case "max" -> Arrays.stream(v).max().orElseThrow();
                case "count" -> v.length;
                case "stdvar" -> variance;
                case "stddev" -> Math.sqrt(variance);
                default -> throw new IllegalArgumentException(op);
            };
            result.computeIfAbsent(labels, missing -> new TreeMap<>()).put(t, r);
        }));
        return result;
    }

    static List<QueryResult.Line> lines(LogExpr expr, QueryRequest request, MemoryLogSource source) {
        List<QueryResult.Line> all = new ArrayList<>();
        source.streams().forEach((labels, entries) -> {
            if (!Matcher.all(expr.matchers(), labels)) {
                return;
            }
            LinePipeline p = Pipelines.compile(expr.stages()).forStream(labels);
            List<MemoryLogSource.Entry> ordered =
                    request.direction() == Direction.FORWARD ? entries : entries.reversed();
            LinkedHashSet<QueryResult.Line> lines = new LinkedHashSet<>();
            for (MemoryLogSource.Entry e : ordered) {
                byte[] line = e.line().array();
                if (e.timestampNanos() >= request.startNanos()
                        && e.timestampNanos() < request.endNanos()
                        && p.process(e.timestampNanos(), line, 0, line.length, e.metadata())) {
                    lines.add(new QueryResult.Line(
                            e.timestampNanos(), p.line(), p.streamLabels(), p.metadataLabels(), p.parsedLabels()));
                }
            }
            all.addAll(lines);
        });
        // stable: at one time, streams come in order of labels
        Comparator<QueryResult.Line> byTime = Comparator.comparingLong(QueryResult.Line::timestampNanos);
        all.sort(request.direction() == Direction.FORWARD ? byTime : byTime.reversed());
        return all.stream().limit(request.limit()).collect(Collectors.toList());
    }
}
