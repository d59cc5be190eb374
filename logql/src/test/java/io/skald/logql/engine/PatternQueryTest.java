/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import io.skald.core.scan.EntryIdentity;
import io.skald.logql.parser.Parser;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
final class PatternQueryTest {
    private static final long SECOND = 1_000_000_000;
    private static final ExecutorService POOL = Executors.newFixedThreadPool(2);

    @AfterAll
    static void stop() {
        POOL.close();
    }

    private static PatternResult patterns(
            ExecutorService pool, List<EntryBatch> batches, long start, long end, long step) throws Exception {
        MemoryLogSource source = new MemoryLogSource(batches);
        PatternResult r = new Engine(pool)
                .patterns(
                        new PatternRequest(
                                Parser.parseSelector("{app=\"web\"}"), start * SECOND, end * SECOND, step * SECOND),
                        source,
                        () -> false);
        assertThat(source.openNow.get()).isZero();
        return r;
    }

    private static void add(EntryBatch b, long seconds, String text, String level) {
        byte[] line = text.getBytes(StandardCharsets.UTF_8);
        Labels metadata = level.isEmpty() ? Labels.EMPTY : Labels.of(EntryIdentity.DETECTED_LEVEL, level);
        b.add(seconds * SECOND, line, 0, line.length, metadata);
    }

    private static List<String> text(PatternResult r) {
        List<String> out = new ArrayList<>();
        for (PatternResult.Pattern p : r.patterns()) {
            TreeMap<Long, Long> samples = new TreeMap<>();
            for (int i = 0; i < p.counts().length; i++) {
                samples.put(p.stepNanos()[i] / SECOND, p.counts()[i]);
            }
            out.add(p.level() + " " + p.pattern() + " " + samples);
        }
        return out;
    }

    @Test
    void byLevelAndStepOverAllStreams() throws Exception {
        List<EntryBatch> batches = new ArrayList<>();
        for (String pod : List.of("a", "b")) {
            EntryBatch b = new EntryBatch(Labels.of("app", "web", "pod", pod));
            for (int i = 0; i < 30; i++) {
                add(b, 100 + i, "order " + i + " shipped", "info");
            }
            add(b, 125, "order 4 lost", "error");
            add(b, 126, "bye", "");
            batches.add(b);
        }
        EntryBatch other = new EntryBatch(Labels.of("app", "db"));
        add(other, 110, "not asked for", "info");
        batches.add(other);
        assertThat(text(patterns(POOL, batches, 105, 129, 10)))
                .containsExactly(
                        "info order <_> shipped {100=10, 110=20, 120=18}",
                        "error order 4 lost {120=2}",
                        "unknown bye {120=2}");
    }

    @Test
    void nothingThere() throws Exception {
        assertThat(patterns(POOL, List.of(), 0, 100, 10).patterns()).isEmpty();
    }

    /** The number of lines is that of the patterns, and the answer does not depend on how many threads there are. */
    @Test
    void sameForAnyNumberOfThreads() throws Exception {
        Random random = new Random(4);
        List<EntryBatch> batches = new ArrayList<>();
        long lines = 0;
        for (int s = 0; s < 700; s++) {
            EntryBatch b = new EntryBatch(Labels.of("app", "web", "pod", "p" + s));
            for (int i = random.nextInt(20); i >= 0; i--) {
                String level = random.nextInt(4) == 0 ? "warn" : "info";
                add(b, random.nextInt(500), "(".repeat(random.nextInt(40)) + "[".repeat(random.nextInt(60)) + s, level);
            }
            lines += b.size();
            batches.add(b);
        }
        PatternResult one = patterns(new DirectExecutor(), batches, 0, 500, 50);
        assertThat(one.patterns().stream()
                        .mapToLong(PatternResult.Pattern::total)
                        .sum())
                .isEqualTo(new MemoryLogSource(batches)
                        .streams().values().stream().mapToLong(List::size).sum())
                .isGreaterThan(lines / 2);
        for (int i = 0; i < 3; i++) {
            assertThat(text(patterns(POOL, batches, 0, 500, 50))).isEqualTo(text(one));
        }
    }
}
