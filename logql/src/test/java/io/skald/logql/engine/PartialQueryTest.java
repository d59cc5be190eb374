/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.skald.core.config.Limits;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import io.skald.core.scan.Direction;
import io.skald.logql.ast.LogExpr;
import io.skald.logql.parser.Parser;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Parts of an answer, put together, are the answer. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
final class PartialQueryTest {
    private static final long SECOND = 1_000_000_000;
    private static final ExecutorService POOL = Executors.newFixedThreadPool(2);

    @AfterAll
    static void stop() {
        POOL.close();
    }

    private static MemoryLogSource source(Random random) {
        List<EntryBatch> batches = new ArrayList<>();
        int streams = 1 + random.nextInt(8);
        for (int s = 0; s < streams; s++) {
            EntryBatch b = new EntryBatch(Labels.of("app", "web", "pod", "p" + s));
            for (int i = random.nextInt(200); i > 0; i--) {
                byte[] line =
                        ("n=" + random.nextInt(1000) + " v=" + random.nextInt(9)).getBytes(StandardCharsets.UTF_8);
                b.add(random.nextInt(120) * SECOND, line, 0, line.length, Labels.EMPTY);
            }
            batches.add(b);
        }
        return new MemoryLogSource(batches);
    }

    private static Engine engine(Random random) {
        return new Engine(random.nextBoolean() ? POOL : new DirectExecutor());
    }

    private static Limits limits(int series) {
        Limits d = Limits.DEFAULTS;
        return TestLimits.withMaxQuerySeries(d, series);
    }

    @Test
    void linesOfPartsAreAllLines() throws Exception {
        for (int seed = 0; seed < 120; seed++) {
            Random random = new Random(seed);
            MemoryLogSource source = source(random);
            Direction direction = random.nextBoolean() ? Direction.FORWARD : Direction.BACKWARD;
            QueryRequest request = new QueryRequest(
                    Parser.parse("{app=\"web\"} | logfmt | v > 1"), 0, 100 * SECOND, 0, direction, 9999);
            Engine engine = engine(random);
            List<QueryResult.Line> whole = lines(engine.run(request, source, Limits.DEFAULTS, () -> false));
            List<QueryResult.Line> parts = new ArrayList<>();
            Resume resume = null;
            int rounds = 0;
            do {
                AtomicInteger asked = new AtomicInteger();
                int enough = 1 + random.nextInt(12) + rounds;
                PartialResult part = engine.runPartial(
                        request, source, Limits.DEFAULTS, () -> false, () -> asked.incrementAndGet() > enough, resume);
                parts.addAll(lines(part.result()));
                resume = again(part.resume());
                assertThat(resume == null).isEqualTo(part.result().warnings().isEmpty());
            } while (resume != null && ++rounds < 1000);
            assertThat(parts).as("seed %d %s", seed, direction).isEqualTo(whole);
        }
    }

    /** What a client does with it. */
    private static @Nullable Resume again(@Nullable Resume resume) {
        return resume == null ? null : Resume.decode(resume.encode()).orElseThrow();
    }

    private static List<QueryResult.Line> lines(QueryResult r) {
        return ((QueryResult.Lines) r.data()).lines();
    }

    @Test
    void seriesAndStepsOfPartsAreAll() throws Exception {
        for (int seed = 0; seed < 150; seed++) {
            Random random = new Random(seed);
            MemoryLogSource source = source(random);
            String query = random.nextBoolean()
                    ? "count_over_time({app=\"web\"} | logfmt | drop n [20s])"
                    : "topk(3, sum by (v) (rate({app=\"web\"} | logfmt [7s] offset 3s))) or vector(1)";
            boolean instant = random.nextInt(5) == 0;
            QueryRequest request = instant
                    ? new QueryRequest(Parser.parse(query), 90 * SECOND, 90 * SECOND, 0, Direction.BACKWARD, 1)
                    : new QueryRequest(
                            Parser.parse(query),
                            random.nextInt(30) * SECOND,
                            (50 + random.nextInt(60)) * SECOND,
                            (1 + random.nextInt(5)) * SECOND,
                            Direction.BACKWARD,
                            1);
            Engine engine = engine(random);
            Map<String, Double> whole =
                    samples(engine.run(request, source, limits(0), () -> false).data());
            Map<String, Double> parts = new TreeMap<>();
            Resume resume = null;
            int rounds = 0;
            do {
                AtomicInteger asked = new AtomicInteger();
                int enough = random.nextInt(300) + 20 * rounds;
                // a page of series must be evaluated anew as a whole, so here time has no end
                boolean series = resume instanceof Resume.SeriesBehind;
                PartialResult part = engine.runPartial(
                        request,
                        source,
                        limits(1 + random.nextInt(40)),
                        () -> false,
                        () -> !series && asked.incrementAndGet() > enough,
                        resume);
                samples(part.result().data())
                        .forEach((k, v) -> assertThat(parts.put(k, v)).as(k).isNull());
                resume = again(part.resume());
            } while (resume != null && ++rounds < 1000);
            assertThat(parts).as("seed %d: %s", seed, query).isEqualTo(whole);
        }
    }

    private static Map<String, Double> samples(QueryResult.Data data) {
        Map<String, Double> out = new TreeMap<>();
        switch (data) {
            case QueryResult.Matrix m -> {
                for (QueryResult.Series s : m.series()) {
                    for (int i = 0; i < s.values().length; i++) {
                        out.put(s.labels() + "@" + s.timestampNanos()[i], s.values()[i]);
                    }
                }
            }
            case QueryResult.VectorData v -> v.samples().forEach(s -> out.put(s.labels() + "", s.value()));
            case QueryResult.Lines l -> throw new AssertionError("lines");
            case QueryResult.Scalar s -> throw new AssertionError("scalar");
        }
        return out;
    }

    @Test
    void pagesAreAllLines() throws Exception {
        for (int seed = 0; seed < 120; seed++) {
            Random random = new Random(seed);
            MemoryLogSource source = source(random);
            LogExpr expr = Parser.parseLog("{app=\"web\"} | logfmt | drop n | line_format \"{{.v}}\"");
            Engine engine = engine(random);
            List<QueryResult.Line> whole = lines(engine.run(
                    new QueryRequest(expr, 5 * SECOND, 100 * SECOND, 0, Direction.FORWARD, 9999),
                    source,
                    Limits.DEFAULTS,
                    () -> false));
            List<QueryResult.Line> paged = new ArrayList<>();
            LinePlace after = null;
            boolean last = false;
            while (!last) {
                LinePage page = engine.page(
                        expr,
                        5 * SECOND,
                        100 * SECOND,
                        after,
                        1 + random.nextInt(20),
                        random.nextInt(30),
                        source,
                        () -> false);
                // a client may go on from any line
                int taken = page.lines().isEmpty()
                        ? 0
                        : 1 + random.nextInt(page.lines().size());
                for (LinePage.Placed p : page.lines().subList(0, taken)) {
                    paged.add(p.line());
                    after = p.place();
                }
                last = page.last() && taken == page.lines().size();
            }
            assertThat(paged).as("seed %d", seed).isEqualTo(whole);
        }
    }

    @Test
    void aCursorThatIsNoneIsRefused() {
        for (String text : new String[] {"", "x", "!!", "bCAx!", "cyAxIDIge2E9fQ", "bCB4", "cyAx"}) {
            assertThat(Resume.decode(text)).as(text).isEmpty();
        }
    }
}
