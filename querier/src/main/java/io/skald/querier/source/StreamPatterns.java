/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.source;

import io.skald.core.model.Labels;
import io.skald.core.model.StoreException;
import io.skald.core.pattern.ChunkPatterns;
import io.skald.core.pattern.PatternMiner;
import io.skald.core.scan.Direction;
import io.skald.core.scan.MergedStream;
import io.skald.core.scan.PatternScan;
import io.skald.core.scan.ScanRequest;
import io.skald.core.scan.ScanStats;
import io.skald.core.scan.StreamScan;
import io.skald.storage.segment.SegmentReader;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Decides for one stream which of its chunks speak for their lines. A chunk was mined on its own, so lines are read where it cannot be
 * trusted to be alone: where two parts hold the same time and so may hold equal entries, where the range cuts a bucket of time, where entries
 * are not stored yet, and where a chunk was not mined or has lines that are deleted or expired. Confined to one thread.
 */
final class StreamPatterns {
    private static final long BUCKET = ChunkPatterns.BUCKET_NANOS;

    /** A chunk, and how to read its lines. */
    interface Lines {
        StreamScan scan(SegmentReader.Chunk chunk, ScanRequest request);
    }

    private record Part(long minNanos, long maxNanos) {}

    private final ScanRequest range;
    private final Labels labels;
    private final List<SegmentReader.Chunk> chunks = new ArrayList<>();
    private final List<SegmentReader.Chunk> trusted = new ArrayList<>();
    private final List<SegmentReader.Chunk> untrusted = new ArrayList<>();
    private final List<StreamScan> recent = new ArrayList<>();
    private final Lines lines;
    private final ScanStats stats;
    private final Consumer<String> warn;

    /** @param warn takes a message about a block or patterns that cannot be read; thread-safe */
    StreamPatterns(ScanRequest range, Labels labels, Lines lines, ScanStats stats, Consumer<String> warn) {
        this.range = range;
        this.labels = labels;
        this.lines = lines;
        this.stats = stats;
        this.warn = warn;
    }

    /**
     * Adds a stored part.
     *
     * @param whole whether none of its lines are deleted or expired
     */
    void add(SegmentReader.Chunk chunk, boolean whole) {
        chunks.add(chunk);
        (whole && chunk.mined() ? trusted : untrusted).add(chunk);
    }

    /** Adds a part that is not stored. */
    void add(StreamScan part) {
        recent.add(part);
    }

    PatternScan.Stream stream() {
        TimeIntervals byLines = new TimeIntervals(range.startNanos(), range.endNanos(), BUCKET);
        List<Part> parts = new ArrayList<>();
        for (StreamScan r : recent) {
            byLines.add(r.minNanos(), r.maxNanos());
            parts.add(new Part(r.minNanos(), r.maxNanos()));
        }
        untrusted.forEach(c -> byLines.add(c.minNanos(), c.maxNanos()));
        for (SegmentReader.Chunk c : chunks) {
            parts.add(new Part(c.minNanos(), c.maxNanos()));
            if (c.minNanos() < range.startNanos() && Math.floorMod(range.startNanos(), BUCKET) != 0) {
                byLines.add(range.startNanos(), range.startNanos());
            }
            if (c.maxNanos() >= range.endNanos() && Math.floorMod(range.endNanos(), BUCKET) != 0) {
                byLines.add(range.endNanos() - 1, range.endNanos() - 1);
            }
        }
        addShared(parts, byLines);
        byLines.join();
        List<PatternScan.Mined> mined = new ArrayList<>();
        for (SegmentReader.Chunk c : trusted) {
            if (!byLines.gaps(first(c), end(c)).isEmpty()) {
                mined.add(new MinedChunk(c, byLines));
            }
        }
        return new PatternScan.Stream(labels, mined, lines(byLines));
    }

    /** Adds the times that more than one part may have. */
    private static void addShared(List<Part> parts, TimeIntervals to) {
        parts.sort(Comparator.comparingLong(Part::minNanos));
        long max = Long.MIN_VALUE;
        for (Part p : parts) {
            if (p.minNanos <= max) {
                to.add(p.minNanos, Math.min(max, p.maxNanos));
            }
            max = Math.max(max, p.maxNanos);
        }
    }

    private List<StreamScan> lines(TimeIntervals byLines) {
        List<StreamScan> out = new ArrayList<>();
        for (TimeIntervals.Interval i : byLines.list()) {
            List<StreamScan> of = new ArrayList<>();
            for (SegmentReader.Chunk c : chunks) {
                if (c.minNanos() < i.end() && c.maxNanos() >= i.start()) {
                    of.add(lines(c, i));
                }
            }
            for (StreamScan r : recent) {
                // an interval holds all of it or nothing
                if (r.minNanos() < i.end() && r.maxNanos() >= i.start()) {
                    of.add(r);
                }
            }
            if (!of.isEmpty()) {
                out.add(of.size() == 1 ? of.getFirst() : new MergedStream(labels, of, Direction.FORWARD, stats));
            }
        }
        return out;
    }

    private StreamScan lines(SegmentReader.Chunk c, TimeIntervals.Interval i) {
        ScanRequest request = new ScanRequest(
                range.matchers(),
                Math.max(i.start(), range.startNanos()),
                Math.min(i.end(), range.endNanos()),
                Direction.FORWARD,
                ScanRequest.Columns.ALL,
                List.of());
        return lines.scan(c, request);
    }

    private long first(SegmentReader.Chunk c) {
        return Math.max(c.minNanos(), range.startNanos());
    }

    private long end(SegmentReader.Chunk c) {
        return Math.min(c.maxNanos() + 1, range.endNanos());
    }

    private final class MinedChunk implements PatternScan.Mined {
        private final SegmentReader.Chunk chunk;
        private final TimeIntervals byLines;

        MinedChunk(SegmentReader.Chunk chunk, TimeIntervals byLines) {
            this.chunk = chunk;
            this.byLines = byLines;
        }

        @Override
        public boolean addTo(Function<String, PatternMiner> miners, long stepNanos) throws StoreException {
            try {
                ChunkPatterns p = chunk.patterns();
                if (p == null) {
                    return false;
                }
                p.addTo(miners, this::wanted, stepNanos);
                return true;
            } catch (StoreException.CorruptData e) {
                warn.accept("patterns are mined anew: " + e.getMessage());
                return false;
            }
        }

        private boolean wanted(long bucket) {
            long from = bucket * BUCKET;
            return from + BUCKET > range.startNanos() && from < range.endNanos() && !byLines.meet(from, from + BUCKET);
        }

        @Override
        public List<StreamScan> lines() {
            return byLines.gaps(first(chunk), end(chunk)).stream()
                    .map(i -> StreamPatterns.this.lines(chunk, i))
                    .toList();
        }
    }
}
