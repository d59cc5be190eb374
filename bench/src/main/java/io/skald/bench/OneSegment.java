/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.bench;

import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import io.skald.core.model.Matcher;
import io.skald.core.model.StoreException;
import io.skald.core.scan.LogSource;
import io.skald.core.scan.Scan;
import io.skald.core.scan.ScanRequest;
import io.skald.core.scan.ScanStats;
import io.skald.core.scan.StreamScan;
import io.skald.storage.memory.MemorySegmentStore;
import io.skald.storage.segment.LabelSelector;
import io.skald.storage.segment.SegmentReader;
import io.skald.storage.segment.SegmentReaders;
import io.skald.storage.segment.SegmentRef;
import io.skald.storage.segment.SegmentScan;
import io.skald.storage.segment.SegmentWriter;
import java.util.List;

/** Streams of each kind, about 2 MiB of lines each, in one segment in memory: a source without the parts that are not flushed yet. */
final class OneSegment implements LogSource {
    private static final int STREAM_BYTES = 2 << 20;
    private static final String KEY = "t/2026-01-01/bench.seg";
    private static final long DAY_NANOS = 86_400_000_000_000L;

    private final SegmentReader reader;
    private final SegmentRef ref;

    OneSegment() {
        MemorySegmentStore store = new MemorySegmentStore();
        List<EntryBatch> batches = List.of(
                Corpus.batch(Corpus.Kind.ACCESS, STREAM_BYTES, 2),
                Corpus.batch(Corpus.Kind.DATED, STREAM_BYTES, 2),
                Corpus.batch(Corpus.Kind.JSON, STREAM_BYTES, 2),
                Corpus.batch(Corpus.Kind.LOGFMT, STREAM_BYTES, 2));
        int day = Math.toIntExact(batches.getFirst().timestampNanos(0) / DAY_NANOS);
        try (SegmentWriter w = SegmentWriter.create(store, KEY, day)) {
            for (EntryBatch b : batches) {
                w.add(b);
            }
            ref = w.finish();
            reader = new SegmentReaders(store).get(ref);
        } catch (StoreException e) {
            throw new IllegalStateException("a segment in memory cannot be written", e);
        }
    }

    long startNanos() {
        return ref.minNanos();
    }

    long endNanos() {
        return ref.maxNanos() + 1;
    }

    @Override
    public Scan open(ScanRequest request) {
        ScanStats stats = new ScanStats();
        SegmentScan scan = new SegmentScan(request, stats, lost -> {
            throw new IllegalStateException(lost);
        });
        List<StreamScan> streams =
                reader.chunks(new LabelSelector(request.matchers()), request.startNanos(), request.endNanos()).stream()
                        .map(c -> c.scan(scan))
                        .toList();
        return new Scan() {
            @Override
            public List<StreamScan> streams() {
                return streams;
            }

            @Override
            public ScanStats stats() {
                return stats;
            }

            @Override
            public List<String> warnings() {
                return List.of();
            }

            @Override
            public void close() {
                // nothing is held
            }
        };
    }

    @Override
    public Found<Labels> series(List<Matcher> matchers, long startNanos, long endNanos) {
        return new Found<>(
                reader.chunks(new LabelSelector(matchers), startNanos, endNanos).stream()
                        .map(SegmentReader.Chunk::labels)
                        .toList(),
                List.of());
    }

    @Override
    public Found<StreamStats> streamStats(List<Matcher> matchers, long startNanos, long endNanos) {
        return new Found<>(
                reader.chunks(new LabelSelector(matchers), startNanos, endNanos).stream()
                        .map(c -> {
                            SegmentReader.Size s = c.size(startNanos, endNanos);
                            return new StreamStats(c.labels(), 1, s.entries(), s.bytes());
                        })
                        .toList(),
                List.of());
    }
}
