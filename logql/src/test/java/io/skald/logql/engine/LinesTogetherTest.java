/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.skald.core.config.Limits;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import io.skald.core.scan.Direction;
import io.skald.logql.parser.Parser;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The stages that look at lines together: distinct and context. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
final class LinesTogetherTest {
    private static final long SECOND = 1_000_000_000;
    private static final ExecutorService POOL = Executors.newFixedThreadPool(2);

    @AfterAll
    static void stop() {
        POOL.close();
    }

    /** {@code n} is unique; {@code user} is one of a few. */
    private record Row(long seconds, int stream, int n, String user, boolean bad) {
        String line() {
            return "n=" + n + " user=" + user + (bad ? " bad" : " good");
        }
    }

    private static MemoryLogSource source(List<Row> rows) {
        List<EntryBatch> batches = new ArrayList<>();
        for (Row r : rows) {
            EntryBatch b = new EntryBatch(Labels.of("app", "web", "pod", "p" + r.stream));
            byte[] line = r.line().getBytes(StandardCharsets.UTF_8);
            b.add(r.seconds * SECOND, line, 0, line.length, Labels.EMPTY);
            batches.add(b);
        }
        return new MemoryLogSource(batches);
    }

    private static List<String> ask(ExecutorService pool, List<Row> rows, String query, Direction direction, int limit)
            throws Exception {
        MemoryLogSource source = source(rows);
        QueryRequest request =
                new QueryRequest(Parser.parseExtended(query), 0, 1_000_000 * SECOND, 0, direction, limit);
        QueryResult.Lines lines = (QueryResult.Lines) new Engine(pool)
                .run(request, source, Limits.DEFAULTS, () -> false)
                .data();
        assertThat(source.openNow.get()).isZero();
        return lines.lines().stream().map(QueryResult.Line::line).toList();
    }

    private static List<String> lines(List<Row> rows) {
        return rows.stream().map(Row::line).toList();
    }

    private static List<Row> row(int... bad) {
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            int n = i;
            rows.add(new Row(i, 0, i, "u" + i % 3, java.util.Arrays.stream(bad).anyMatch(b -> b == n)));
        }
        return rows;
    }

    @Test
    void contextAroundEachLine() throws Exception {
        List<Row> rows = row(1, 6, 7);
        assertThat(ask(POOL, rows, "{app=\"web\"} |= \"bad\" | context before 2 after 1", Direction.FORWARD, 100))
                .isEqualTo(lines(pick(rows, 0, 1, 2, 4, 5, 6, 7, 8)));
        assertThat(ask(POOL, rows, "{app=\"web\"} |= \"bad\" | context before 2 after 1", Direction.BACKWARD, 100))
                .isEqualTo(lines(pick(rows, 8, 7, 6, 5, 4, 2, 1, 0)));
        assertThat(ask(POOL, rows, "{app=\"web\"} |= \"bad\" | context after 1", Direction.BACKWARD, 3))
                .isEqualTo(lines(pick(rows, 8, 7, 6)));
        assertThat(ask(POOL, rows, "{app=\"web\"} |= \"bad\" | context before 0", Direction.FORWARD, 100))
                .isEqualTo(lines(pick(rows, 1, 6, 7)));
    }

    @Test
    void contextIsShapedButNotFiltered() throws Exception {
        assertThat(ask(
                        POOL,
                        row(4),
                        "{app=\"web\"} |= \"bad\" | logfmt | n=\"4\" | line_format \"<{{.n}}>\" | context before 1 after 1",
                        Direction.FORWARD,
                        100))
                .containsExactly("<3>", "<4>", "<5>");
    }

    private static List<Row> pick(List<Row> rows, int... n) {
        return java.util.Arrays.stream(n).mapToObj(rows::get).toList();
    }

    @Test
    void theNewestOfEachValueOrTheOldest() throws Exception {
        List<Row> rows = row();
        assertThat(ask(POOL, rows, "{app=\"web\"} | logfmt | distinct user", Direction.BACKWARD, 100))
                .isEqualTo(lines(pick(rows, 9, 8, 7)));
        assertThat(ask(POOL, rows, "{app=\"web\"} | logfmt | distinct user", Direction.FORWARD, 2))
                .isEqualTo(lines(pick(rows, 0, 1)));
        // a label that is not there is like an empty one
        assertThat(ask(POOL, rows, "{app=\"web\"} | distinct nothing", Direction.BACKWARD, 100))
                .isEqualTo(lines(pick(rows, 9)));
        assertThat(ask(POOL, rows, "{app=\"web\"} | logfmt | n > 2 | distinct user, pod", Direction.FORWARD, 100))
                .isEqualTo(lines(pick(rows, 3, 4, 5)));
    }

    @Test
    void sameAsOneAfterTheOther() throws Exception {
        for (int seed = 0; seed < 150; seed++) {
            Random random = new Random(seed);
            List<Row> rows = new ArrayList<>();
            int streams = 1 + random.nextInt(5);
            for (int i = random.nextInt(300); i > 0; i--) {
                int stream = random.nextInt(streams);
                rows.add(new Row(random.nextInt(200), stream, i, "u" + random.nextInt(6), random.nextInt(20) == 0));
            }
            rows.sort(Comparator.comparingLong(Row::seconds).thenComparingInt(Row::stream));
            Direction direction = random.nextBoolean() ? Direction.FORWARD : Direction.BACKWARD;
            int limit = 1 + random.nextInt(random.nextBoolean() ? 5 : 500);
            ExecutorService pool = random.nextBoolean() ? POOL : new DirectExecutor();
            int before = random.nextInt(4);
            int after = random.nextInt(4);
            String context = "{app=\"web\"} |= \"bad\" | context before " + before + " after " + after;
            assertThat(ask(pool, rows, context, direction, limit))
                    .as("seed %d: %s %s limit %d", seed, context, direction, limit)
                    .isEqualTo(naiveContext(rows, before, after, direction, limit));
            assertThat(ask(pool, rows, "{app=\"web\"} | logfmt | distinct user", direction, limit))
                    .as("seed %d: distinct %s limit %d", seed, direction, limit)
                    .isEqualTo(naiveDistinct(rows, direction, limit));
        }
    }

    private static List<String> naiveContext(List<Row> rows, int before, int after, Direction direction, int limit) {
        Set<Row> wanted = new HashSet<>();
        for (int s = 0; s < 5; s++) {
            int stream = s;
            List<Row> own = rows.stream().filter(r -> r.stream == stream).toList();
            for (int i = 0; i < own.size(); i++) {
                if (own.get(i).bad) {
                    wanted.addAll(own.subList(Math.max(0, i - before), Math.min(own.size(), i + after + 1)));
                }
            }
        }
        return first(rows.stream().filter(wanted::contains).toList(), direction, limit);
    }

    private static List<String> naiveDistinct(List<Row> rows, Direction direction, int limit) {
        Set<String> seen = new HashSet<>();
        List<Row> kept = new ArrayList<>();
        for (Row r : inOrder(rows, direction)) {
            if (seen.add(r.user)) {
                kept.add(r);
            }
        }
        return lines(kept.subList(0, Math.min(limit, kept.size())));
    }

    private static List<String> first(List<Row> rows, Direction direction, int limit) {
        List<Row> ordered = inOrder(rows, direction);
        return lines(ordered.subList(0, Math.min(limit, ordered.size())));
    }

    /** Backward, entries of one stream at one time are reversed, but streams keep their order. */
    private static List<Row> inOrder(List<Row> rows, Direction direction) {
        if (direction == Direction.FORWARD) {
            return rows;
        }
        List<Row> out = new ArrayList<>(rows);
        java.util.Collections.reverse(out);
        out.sort(Comparator.comparingLong((Row r) -> -r.seconds).thenComparingInt(Row::stream));
        return out;
    }
}
