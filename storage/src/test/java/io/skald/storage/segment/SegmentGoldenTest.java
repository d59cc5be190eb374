/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.segment;

import static org.assertj.core.api.Assertions.assertThat;

import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import io.skald.core.model.StoreException;
import io.skald.core.pattern.ChunkPatterns;
import io.skald.core.pattern.PatternMiner;
import io.skald.core.scan.Direction;
import io.skald.core.scan.EntryCursor;
import io.skald.core.scan.Requirement;
import io.skald.core.scan.ScanRequest;
import io.skald.core.scan.ScanStats;
import io.skald.core.scan.Tally;
import io.skald.storage.Golden;
import io.skald.storage.SegmentStore;
import io.skald.storage.memory.MemorySegmentStore;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** Version 1 of the segment format on file; see {@link Golden}. */
class SegmentGoldenTest {
    private static final String KEY = "t/2026-01-01/golden.seg";
    private static final int DAY = 20454;
    /** Where the tail of older files begins; the log has it, the object has not. */
    private static final long TAIL_OFFSET = 612;

    private static final long NAMES_TAIL_OFFSET = 630;
    /** The same before blocks were compressed with matches of seven bytes or more. */
    private static final long PATTERNS_TAIL_OFFSET = 757;
    /** Before skip filters got twice the room. */
    private static final long MATCHES_TAIL_OFFSET = 764;

    private static final long T = 1_767_225_600_000_000_000L;

    private static EntryBatch batch(String app, int entries) {
        EntryBatch b = new EntryBatch(Labels.of("app", app, "env", "test"));
        for (int i = 0; i < entries; i++) {
            byte[] line = (app + " handled request number " + i * 7919).getBytes(StandardCharsets.UTF_8);
            Labels metadata = i % 4 == 0 ? Labels.of("detected_level", "warn", "id", "x" + i) : Labels.EMPTY;
            b.add(T + i * 17_000_000_000L, line, 0, line.length, metadata);
        }
        return b;
    }

    private static SegmentRef write(SegmentStore store) throws StoreException {
        try (SegmentWriter w = SegmentWriter.create(store, KEY, DAY)) {
            w.add(batch("api", 30));
            w.add(batch("web", 5));
            return w.finish();
        }
    }

    private static List<String> read(SegmentReader reader, List<Requirement> requirements, ScanStats stats)
            throws StoreException {
        List<String> out = new ArrayList<>();
        ScanRequest request =
                new ScanRequest(List.of(), 0, Long.MAX_VALUE, Direction.FORWARD, ScanRequest.Columns.ALL, requirements);
        SegmentScan scan = new SegmentScan(request, stats, m -> {
            throw new AssertionError(m);
        });
        for (SegmentReader.Chunk c : reader.chunks(new LabelSelector(List.of()), 0, Long.MAX_VALUE)) {
            try (EntryCursor e = c.scan(scan).open()) {
                while (e.next()) {
                    out.add(c.labels() + " " + e.timestampNanos() + " "
                            + new String(e.buffer(), e.offset(), e.length(), StandardCharsets.UTF_8) + e.metadata());
                }
            }
        }
        return out;
    }

    @Test
    void version1WithoutNamesIsRead() throws IOException, StoreException {
        MinuteCounters c = readGolden("segment-1", TAIL_OFFSET);
        assertThat(c.mayHold("id")).isTrue();
        assertThat(c.mayHold("unheard of")).isTrue();
    }

    @Test
    void version1WithoutPatternsIsRead() throws IOException, StoreException {
        MinuteCounters c = readGolden("segment-1-names", NAMES_TAIL_OFFSET);
        assertThat(c.mayHold("id")).isTrue();
        assertThat(c.mayHold("unheard of")).isFalse();
        assertThat(c.mayHold("detected_level")).isFalse();
    }

    @Test
    void version1WithShorterMatchesIsRead() throws IOException, StoreException {
        MinuteCounters c = readGolden("segment-1-patterns", PATTERNS_TAIL_OFFSET);
        assertThat(c.mayHold("id")).isTrue();
    }

    @Test
    void version1WithSmallerFiltersIsRead() throws IOException, StoreException {
        MinuteCounters c = readGolden("segment-1-matches", MATCHES_TAIL_OFFSET);
        assertThat(c.mayHold("id")).isTrue();
    }

    @Test
    void version1IsRead() throws IOException, StoreException {
        SegmentRef ref = write(new MemorySegmentStore());
        MinuteCounters c = readGolden("segment-1-filters", ref.tailOffset());
        assertThat(c.mayHold("id")).isTrue();
    }

    private static MinuteCounters readGolden(String name, long tailOffset) throws IOException, StoreException {
        SegmentRef ref = write(new MemorySegmentStore());
        byte[] golden = Golden.read(name);
        MemorySegmentStore then = new MemorySegmentStore();
        try (SegmentStore.Output out = then.create(KEY)) {
            out.write(golden, 0, golden.length);
            out.commit();
        }
        SegmentReader reader = new SegmentReaders(then)
                .get(new SegmentRef(
                        KEY,
                        DAY,
                        ref.minNanos(),
                        ref.maxNanos(),
                        golden.length,
                        ref.entries(),
                        ref.lineBytes(),
                        tailOffset,
                        ref.series()));
        List<String> expected = new ArrayList<>();
        for (EntryBatch b : List.of(batch("api", 30), batch("web", 5))) {
            for (int i = 0; i < b.size(); i++) {
                expected.add(b.labels() + " " + b.timestampNanos(i) + " "
                        + new String(b.buffer(i), StandardCharsets.UTF_8) + b.metadata(i));
            }
        }
        assertThat(read(reader, List.of(), new ScanStats())).isEqualTo(expected);
        ScanStats stats = new ScanStats();
        Requirement absent = Requirement.text("nothing like this".getBytes(StandardCharsets.UTF_8));
        assertThat(read(reader, List.of(absent), stats)).isEmpty();
        assertThat(stats.prunedBlocks.sum()).isEqualTo(2);
        ChunkPatterns patterns = reader.chunks(new LabelSelector(List.of()), 0, Long.MAX_VALUE)
                .getFirst()
                .patterns();
        assertThat(patterns == null).isEqualTo(name.equals("segment-1") || name.equals("segment-1-names"));
        if (patterns != null) {
            PatternMiner miner = new PatternMiner();
            patterns.addTo(level -> miner, bucket -> true, 60_000_000_000L);
            assertThat(miner.mined()).singleElement().satisfies(m -> {
                assertThat(m.pattern()).isEqualTo("api handled request number <_>");
                assertThat(m.total()).isEqualTo(30);
            });
        }
        MinuteCounters c = Objects.requireNonNull(reader.chunks(new LabelSelector(List.of()), 0, Long.MAX_VALUE)
                .getFirst()
                .counters());
        assertThat(c.level(0)).isEqualTo("warn");
        assertThat(c.lines(0)).isEqualTo(1);
        assertThat(c.minute(0)).isEqualTo(T / Tally.MINUTE_NANOS - 1);
        return c;
    }

    @Test
    void version1IsWritten() throws IOException, StoreException {
        MemorySegmentStore store = new MemorySegmentStore();
        SegmentRef ref = write(store);
        Golden.check("segment-1-filters", store.read(KEY, 0, (int) ref.sizeBytes()));
    }
}
