/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.source;

import static org.assertj.core.api.Assertions.assertThat;

import io.skald.core.model.Labels;
import io.skald.core.model.Matcher;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.core.pattern.ChunkPatterns;
import io.skald.core.pattern.PatternMiner;
import io.skald.core.scan.Direction;
import io.skald.core.scan.EntryCursor;
import io.skald.core.scan.EntryIdentity;
import io.skald.core.scan.PatternScan;
import io.skald.core.scan.Scan;
import io.skald.core.scan.ScanRequest;
import io.skald.core.scan.StreamScan;
import io.skald.querier.source.FakeIngester.Entry;
import io.skald.storage.index.CommitLog;
import io.skald.storage.memory.MemoryIndexStore;
import io.skald.storage.memory.MemorySegmentStore;
import io.skald.storage.segment.SegmentReaders;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StoredPatternsTest {
    private static final TenantId TENANT = new TenantId("t");
    private static final Matcher ALL = new Matcher("app", Matcher.Op.REGEX, ".+");
    private static final long SECOND = 1_000_000_000L;
    private static final long BASE = 20_000L * 86_400 * SECOND - 300 * SECOND; // crosses a UTC day

    private final MemorySegmentStore objects = new MemorySegmentStore();
    private final CommitLog log = new CommitLog(new MemoryIndexStore());
    private final FakeIngester a = new FakeIngester("a");
    private final FakeIngester b = new FakeIngester("b");
    private final ExactSource source = new ExactSource(TENANT, log, new SegmentReaders(objects), () -> List.of(a, b));

    /** By stream, level and step. */
    private static String key(Labels stream, String level, long step) {
        return stream + " " + level + " " + step;
    }

    private Map<String, Long> lines(long start, long end, long step) throws StoreException {
        Map<String, Long> counts = new TreeMap<>();
        ScanRequest request =
                new ScanRequest(List.of(ALL), start, end, Direction.FORWARD, ScanRequest.Columns.ALL, List.of());
        try (Scan scan = source.open(request)) {
            for (StreamScan s : scan.streams()) {
                try (EntryCursor c = s.open()) {
                    while (c.next()) {
                        String level = c.metadata().getOrEmpty(EntryIdentity.DETECTED_LEVEL);
                        counts.merge(key(s.labels(), level, Math.floorDiv(c.timestampNanos(), step)), 1L, Long::sum);
                    }
                }
            }
        }
        return counts;
    }

    private record Sums(Map<String, Long> counts, long linesRead) {}

    private Sums patterns(long start, long end, long step) throws StoreException {
        Map<String, Long> counts = new TreeMap<>();
        long read = 0;
        try (PatternScan scan = source.patterns(List.of(ALL), start, end)) {
            for (PatternScan.Stream s : scan.streams()) {
                Map<String, PatternMiner> miners = new TreeMap<>();
                for (PatternScan.Mined m : s.mined()) {
                    assertThat(m.addTo(l -> miners.computeIfAbsent(l, k -> new PatternMiner()), step))
                            .isTrue();
                }
                for (StreamScan l : s.lines()) {
                    try (EntryCursor c = l.open()) {
                        while (c.next()) {
                            read++;
                            miners.computeIfAbsent(
                                            c.metadata().getOrEmpty(EntryIdentity.DETECTED_LEVEL),
                                            k -> new PatternMiner())
                                    .add(
                                            c.buffer(),
                                            c.offset(),
                                            c.offset() + c.length(),
                                            Math.floorDiv(c.timestampNanos(), step));
                        }
                    }
                }
                miners.forEach((level, miner) -> miner.mined().forEach(m -> {
                    for (int i = 0; i < m.steps().length; i++) {
                        counts.merge(key(s.labels(), level, m.steps()[i]), m.counts()[i], Long::sum);
                    }
                }));
            }
            assertThat(scan.warnings()).isEmpty();
        }
        return new Sums(counts, read);
    }

    private void push(FakeIngester to, int stream, long second, long nanos, String line) {
        Labels metadata = second % 3 == 0 ? Labels.EMPTY : Labels.of("detected_level", "info");
        to.entries.add(new Entry(Labels.of("app", "a" + stream), BASE + second * SECOND + nanos, line, metadata));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void theSumsAreTheLinesWhateverWasStoredWhere(long seed) throws StoreException {
        Random random = new Random(seed);
        for (int part = 0; part < 6; part++) {
            for (int i = 0; i < 300; i++) {
                FakeIngester to = random.nextInt(5) == 0 ? b : a;
                // mostly one after the other, some late
                long second = random.nextInt(20) == 0 ? random.nextInt(600) : part * 100L + random.nextInt(100);
                push(to, random.nextInt(3), second, random.nextInt(3), "user " + random.nextInt(9) + " came");
            }
            if (part < 5) {
                a.flush(TENANT, log, objects);
            }
            if (part == 3) {
                b.flush(TENANT, log, objects);
            }
        }
        for (int i = 0; i < 30; i++) {
            long start = BASE + random.nextLong(700 * SECOND) - 50 * SECOND;
            long end = start + 1 + random.nextLong(600 * SECOND);
            long step = ChunkPatterns.BUCKET_NANOS * (1 + random.nextInt(6));
            assertThat(patterns(start, end, step).counts)
                    .as("seed %d from %d to %d", seed, start, end)
                    .isEqualTo(lines(start, end, step));
        }
    }

    @Test
    void whatIsStoredInOrderIsNotReadAgain() throws StoreException {
        for (int part = 0; part < 3; part++) {
            for (int i = 0; i < 100; i++) {
                push(a, 0, part * 100L + i, 0, "request " + i * 31 + " took " + i + " ms");
            }
            a.flush(TENANT, log, objects);
        }
        Sums all = patterns(BASE, BASE + 300 * SECOND, 60 * SECOND);
        assertThat(all.linesRead).isZero();
        assertThat(all.counts.values().stream().mapToLong(n -> n).sum()).isEqualTo(300);
        Sums cut = patterns(BASE + 5 * SECOND, BASE + 215 * SECOND, 60 * SECOND);
        assertThat(cut.linesRead).as("the buckets that the range cuts").isEqualTo(10);
        assertThat(cut.counts.values().stream().mapToLong(n -> n).sum()).isEqualTo(210);
        push(a, 0, 120, 0, "late");
        Sums late = patterns(BASE, BASE + 300 * SECOND, 60 * SECOND);
        assertThat(late.linesRead).as("the bucket of the late line").isEqualTo(11);
        assertThat(late.counts.values().stream().mapToLong(n -> n).sum()).isEqualTo(301);
    }
}
