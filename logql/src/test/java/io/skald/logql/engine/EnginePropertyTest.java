/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.skald.core.config.Limits;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import io.skald.core.scan.Direction;
import io.skald.logql.ast.LogExpr;
import io.skald.logql.ast.SampleExpr.RangeAggregation;
import io.skald.logql.parser.Parser;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Random data and queries: the engine agrees with {@link NaiveEvaluator}, which looks at every entry for every step. */
final class EnginePropertyTest {
    private static final ExecutorService POOL = Executors.newFixedThreadPool(3);
    private static final long SECOND = 1_000_000_000;
    private static final int ROUNDS = 60;

    private static final List<String> UNWRAPPED = List.of(
            "rate",
            "avg_over_time",
            "sum_over_time",
            "min_over_time",
            "max_over_time",
            "stdvar_over_time",
            "stddev_over_time",
            "first_over_time",
            "last_over_time",
            "rate_counter",
            "quantile_over_time");
    private static final List<String> COUNTING = List.of(
            "count_over_time", "rate", "bytes_over_time", "bytes_rate", "absent_over_time", "present_over_time");
    private static final List<String> VECTOR = List.of("sum", "avg", "min", "max", "count", "stddev", "stdvar");

    @AfterAll
    static void stop() {
        POOL.close();
    }

    private static MemoryLogSource randomSource(Random random) {
        int streams = 1 + random.nextInt(6);
        List<EntryBatch> batches = new ArrayList<>();
        for (int s = 0; s < streams; s++) {
            Labels labels = Labels.of("app", "a" + s % 3, "pod", "p" + s);
            int parts = 1 + random.nextInt(3);
            for (int p = 0; p < parts; p++) {
                EntryBatch b = new EntryBatch(labels);
                int n = random.nextInt(80);
                for (int i = 0; i < n; i++) {
                    // coarse times make ties and samples on window borders
                    long t = random.nextInt(120) * SECOND / (random.nextInt(4) == 0 ? 7 : 1);
                    byte[] line = ("v=" + (random.nextInt(40) - 8) + (random.nextInt(3) == 0 ? " x" : "") + " k="
                                    + random.nextInt(3))
                            .getBytes(StandardCharsets.UTF_8);
                    Labels metadata =
                            random.nextInt(5) == 0 ? Labels.of("trace", "t" + random.nextInt(4)) : Labels.EMPTY;
                    b.add(t, line, 0, line.length, metadata);
                }
                batches.add(b);
            }
        }
        return new MemoryLogSource(batches);
    }

    private static Engine engine(Random random) {
        return new Engine(random.nextBoolean() ? POOL : new DirectExecutor());
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void rangeAggregationsAgreeWithTheNaiveEvaluator(long seed) throws Exception {
        Random random = new Random(seed);
        for (int round = 0; round < ROUNDS; round++) {
            MemoryLogSource source = randomSource(random);
            String query = randomRange(random);
            RangeAggregation range = (RangeAggregation) Parser.parseExtended(query);
            boolean instant = random.nextInt(4) == 0;
            long step = (1 + random.nextInt(40)) * SECOND / (1 + random.nextInt(2));
            long start = random.nextInt(100) * SECOND;
            long end = instant ? start : start + random.nextInt(100) * SECOND;
            QueryRequest request = new QueryRequest(range, start, end, instant ? 0 : step, Direction.BACKWARD, 10);
            List<Long> times = new ArrayList<>();
            if (instant) {
                times.add(start);
            } else {
                for (long t = Math.floorDiv(start, step) * step; t <= Math.ceilDiv(end, step) * step; t += step) {
                    times.add(t);
                }
            }
            String context = "seed " + seed + " round " + round + " " + query + " " + request;
            assertSame(NaiveEvaluator.range(range, source, times), run(random, request, source), context);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {6, 7, 8})
    void vectorAggregationsAgreeWithTheNaiveEvaluator(long seed) throws Exception {
        Random random = new Random(seed);
        for (int round = 0; round < ROUNDS; round++) {
            MemoryLogSource source = randomSource(random);
            String inner = randomRange(random);
            String op = VECTOR.get(random.nextInt(VECTOR.size()));
            String grouping =
                    List.of("", " by (app)", " without (pod)", " by (pod, k)").get(random.nextInt(4));
            String query = op + grouping + " (" + inner + ")";
            long step = (1 + random.nextInt(20)) * SECOND;
            QueryRequest request =
                    new QueryRequest(Parser.parseExtended(query), 0, 120 * SECOND, step, Direction.BACKWARD, 10);
            List<Long> times = new ArrayList<>();
            for (long t = 0; t <= Math.ceilDiv(120 * SECOND, step) * step; t += step) {
                times.add(t);
            }
            String context = "seed " + seed + " round " + round + " " + query + " step " + step;
            assertSame(
                    NaiveEvaluator.aggregate(
                            op,
                            grouping,
                            NaiveEvaluator.range((RangeAggregation) Parser.parseExtended(inner), source, times)),
                    run(random, request, source),
                    context);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {9, 10, 11})
    void logQueriesAgreeWithTheNaiveEvaluator(long seed) throws Exception {
        Random random = new Random(seed);
        for (int round = 0; round < ROUNDS; round++) {
            MemoryLogSource source = randomSource(random);
            String query = "{app=~\"a.*\"}"
                    + List.of("", " |= \"x\"", " | logfmt | v > 3", " | line_format \"same\"")
                            .get(random.nextInt(4));
            Direction direction = random.nextBoolean() ? Direction.FORWARD : Direction.BACKWARD;
            long start = random.nextInt(60) * SECOND;
            QueryRequest request = new QueryRequest(
                    Parser.parseExtended(query),
                    start,
                    start + random.nextInt(90) * SECOND,
                    0,
                    direction,
                    1 + random.nextInt(60));
            QueryResult.Lines lines = (QueryResult.Lines) engine(random)
                    .run(request, source, Limits.DEFAULTS, () -> false)
                    .data();
            assertThat(lines.lines())
                    .as("seed " + seed + " round " + round + " " + request)
                    .isEqualTo(NaiveEvaluator.lines((LogExpr) request.expr(), request, source));
            assertThat(source.openNow.get()).isZero();
        }
    }

    private static String randomRange(Random random) {
        boolean unwrapped = random.nextInt(3) > 0;
        List<String> ops = unwrapped ? UNWRAPPED : COUNTING;
        String op = ops.get(random.nextInt(ops.size()));
        boolean groupable =
                unwrapped && !op.equals("rate") && !op.equals("sum_over_time") && !op.equals("rate_counter");
        String window = "[" + List.of("1s", "5s", "10s", "30s", "2m", "7s").get(random.nextInt(6)) + "]"
                + List.of("", " offset 10s", " offset -5s").get(random.nextInt(3));
        String log = "{app=~\"a[" + random.nextInt(2) + "-2]\"}" + (random.nextBoolean() ? " |= \"x\"" : "")
                + " | logfmt" + (unwrapped ? " | drop x | unwrap v" : " | drop v");
        return op + "(" + (op.startsWith("quantile") ? String.format(Locale.ROOT, "%.2f, ", random.nextDouble()) : "")
                + log + " " + window + ")" + (groupable && random.nextBoolean() ? " by (app)" : "");
    }

    private static Map<Labels, Map<Long, Double>> run(Random random, QueryRequest request, MemoryLogSource source)
            throws Exception {
        QueryResult.Data data = engine(random)
                .run(request, source, Limits.DEFAULTS, () -> false)
                .data();
        Map<Labels, Map<Long, Double>> result = new TreeMap<>();
        if (data instanceof QueryResult.Matrix matrix) {
            for (QueryResult.Series s : matrix.series()) {
                Map<Long, Double> row = new TreeMap<>();
                for (int i = 0; i < s.values().length; i++) {
                    row.put(s.timestampNanos()[i], s.values()[i]);
                }
                result.put(s.labels(), row);
            }
        } else if (data instanceof QueryResult.VectorData vector) {
            for (QueryResult.Sample s : vector.samples()) {
                result.put(s.labels(), Map.of(s.timestampNanos(), s.value()));
            }
        }
        assertThat(source.openNow.get()).isZero();
        return result;
    }

    private static void assertSame(
            Map<Labels, Map<Long, Double>> want, Map<Labels, Map<Long, Double>> got, String context) {
        assertThat(got.keySet()).as(context).isEqualTo(want.keySet());
        want.forEach((labels, row) -> {
            Map<Long, Double> other = Objects.requireNonNull(got.get(labels));
            assertThat(other.keySet()).as(context + " " + labels).isEqualTo(row.keySet());
            row.forEach((t, v) -> assertThat(Objects.requireNonNull(other.get(t)))
                    .as(context + " " + labels + " at " + t)
                    .isCloseTo(v, within(1e-9 * Math.max(1, Math.abs(v)))));
        });
    }
}
