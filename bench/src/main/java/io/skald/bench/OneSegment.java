/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.bench;

import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import io.skald.core.model.Matcher;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.core.scan.LogSource;
import io.skald.core.scan.Scan;
import io.skald.core.scan.ScanRequest;
import io.skald.core.scan.ScanStats;
import io.skald.core.scan.StreamScan;
import io.skald.storage.SegmentStore;
import io.skald.storage.memory.MemorySegmentStore;
import io.skald.storage.segment.LabelSelector;
import io.skald.storage.segment.SegmentKeys;
import io.skald.storage.segment.SegmentReader;
import io.skald.storage.segment.SegmentReaders;
import io.skald.storage.segment.SegmentRef;
import io.skald.storage.segment.SegmentScan;
import io.skald.storage.segment.SegmentWriter;
import java.util.List;

/** Streams in one segment: a source without the parts that are not flushed yet. */
final class OneSegment implements LogSource {
    private static final int STREAM_BYTES = 2 << 20;

    private final SegmentReader reader;
    private final SegmentRef ref;

    /** About 2 MiB of lines of each kind, in memory, as a flush writes them. */
    OneSegment() {
        this(new MemorySegmentStore(), corpus(), SegmentWriter.Density.FAST);
    }

    /** @param batches of one day, in order of labels */
    OneSegment(SegmentStore store, List<EntryBatch> batches, SegmentWriter.Density density) {
        int day = SegmentWriter.dayOf(batches.getFirst().timestampNanos(0));
        try (SegmentWriter w = SegmentWriter.create(
                store, SegmentKeys.next(new TenantId("t"), day, System.currentTimeMillis()), day, density)) {
            w.withoutPatterns();
            for (EntryBatch b : batches) {
                w.add(b);
            }
            ref = w.finish();
            reader = new SegmentReaders(store).get(ref);
        } catch (StoreException e) {
            throw new IllegalStateException("a segment cannot be written", e);
        }
    }

    /** About 2 MiB of lines of each kind. */
    static List<EntryBatch> corpus() {
        return List.of(
                Corpus.batch(Corpus.Kind.ACCESS, STREAM_BYTES, 2),
                Corpus.batch(Corpus.Kind.DATED, STREAM_BYTES, 2),
                Corpus.batch(Corpus.Kind.JSON, STREAM_BYTES, 2),
                Corpus.batch(Corpus.Kind.LOGFMT, STREAM_BYTES, 2));
    }

    String key() {
        return ref.key();
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
