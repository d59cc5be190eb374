/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.segment;

import io.skald.core.model.Labels;
import io.skald.core.model.StoreException;
import io.skald.core.pattern.ChunkPatterns;
import io.skald.core.scan.Counted;
import io.skald.core.scan.EntryCursor;
import io.skald.core.scan.IndexedScan;
import io.skald.core.scan.ScanPlan;
import io.skald.core.scan.ScanRequest;
import io.skald.core.scan.ScanStats;
import io.skald.core.scan.StreamScan;
import io.skald.core.scan.Tally;
import io.skald.storage.SegmentStore;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A segment with its directory in memory; blocks are read by range when a cursor comes to them. Thread-safe; needs no closing. */
public final class SegmentReader {
    private static final System.Logger LOG = System.getLogger(SegmentReader.class.getName());

    private final SegmentStore store;
    private final SegmentRef ref;
    private final SegmentDirectory directory;
    private final WeightedCache<DecodedBlock> sharedBlocks;
    private final WeightedCache<FilterGroup.Partition> partitions;
    private final WeightedCache<SegmentCounters> counters;
    private final WeightedCache<PatternGroup.Loaded> patterns;
    private final ReadWindows windows;

    private SegmentReader(
            SegmentStore store,
            SegmentRef ref,
            SegmentDirectory directory,
            WeightedCache<DecodedBlock> sharedBlocks,
            WeightedCache<FilterGroup.Partition> partitions,
            WeightedCache<SegmentCounters> counters,
            WeightedCache<PatternGroup.Loaded> patterns,
            ReadWindows windows) {
        this.windows = windows;
        this.store = store;
        this.ref = ref;
        this.directory = directory;
        this.sharedBlocks = sharedBlocks;
        this.partitions = partitions;
        this.counters = counters;
        this.patterns = patterns;
    }

    /**
     * Reads the directory of a segment.
     *
     * @throws StoreException.CorruptData if it is not readable
     * @throws StoreException.NotFound if the object does not exist
     */
    static SegmentReader open(
            SegmentStore store,
            SegmentRef ref,
            WeightedCache<DecodedBlock> sharedBlocks,
            WeightedCache<FilterGroup.Partition> partitions,
            WeightedCache<SegmentCounters> counters,
            WeightedCache<PatternGroup.Loaded> patterns,
            ReadWindows windows)
            throws StoreException {
        byte[] tail = store.read(ref.key(), ref.tailOffset(), Math.toIntExact(ref.sizeBytes() - ref.tailOffset()));
        SegmentDirectory directory = SegmentDirectory.decode(ref.key(), tail, ref.tailOffset());
        return new SegmentReader(store, ref, directory, sharedBlocks, partitions, counters, patterns, windows);
    }

    public SegmentRef ref() {
        return ref;
    }

    /** About what the directory takes in memory, bytes. */
    long weight() {
        return directory.weight;
    }

    /** Whether it has patterns of its lines, as far as its directory says. */
    public boolean mined() {
        return directory.patterns.length > 0;
    }

    /** Chunks of streams that match, with entries that may lie in [startNanos, endNanos), in order of labels. */
    public List<Chunk> chunks(LabelSelector selector, long startNanos, long endNanos) {
        List<Chunk> found = new ArrayList<>();
        Labels last = null;
        boolean matches = false;
        for (SegmentDirectory.Chunk c : directory.chunks) {
            if (!c.overlaps(startNanos, endNanos)) {
                continue;
            }
            if (!c.labels().equals(last)) {
                last = c.labels();
                matches = selector.matches(last);
            }
            if (matches) {
                found.add(new Chunk(c));
            }
        }
        return found;
    }

    /** What a query would look at in this segment. */
    public ScanPlan plan(LabelSelector selector, long startNanos, long endNanos) throws StoreException {
        long byTime = 0;
        long byLabels = 0;
        long blocks = 0;
        long blocksByTime = 0;
        long bytes = 0;
        for (SegmentDirectory.Chunk c : directory.chunks) {
            if (!c.overlaps(startNanos, endNanos)) {
                byTime++;
            } else if (!selector.matches(c.labels())) {
                byLabels++;
            } else {
                blocks += c.extents().size();
                blocksByTime += c.extents().stream()
                        .filter(e -> !e.overlaps(startNanos, endNanos))
                        .count();
                bytes += new Chunk(c).size(startNanos, endNanos).bytes();
            }
        }
        return new ScanPlan(1, 0, directory.chunks.size(), byTime, byLabels, blocks, blocksByTime, bytes, 0, 0);
    }

    /** Consecutive entries of one stream in this segment. */
    public final class Chunk {
        private final SegmentDirectory.Chunk chunk;

        private Chunk(SegmentDirectory.Chunk chunk) {
            this.chunk = chunk;
        }

        public Labels labels() {
            return chunk.labels();
        }

        /** The segment that it is in. */
        public SegmentRef segment() {
            return ref;
        }

        /** Whether the segment has {@link #patterns}, as far as its directory says. */
        public boolean mined() {
            return SegmentReader.this.mined();
        }

        public long minNanos() {
            return chunk.minNanos();
        }

        /** Latest time, inclusive. */
        public long maxNanos() {
            return chunk.maxNanos();
        }

        /**
         * Entries and bytes in [startNanos, endNanos): exact if the chunk lies within; else exact for whole minutes (as
         * {@link MinuteCounters} has them), and in proportion to time for the minutes that the range cuts.
         */
        public Size size(long startNanos, long endNanos) {
            return within(startNanos, endNanos) ? whole() : size(countersIfReadable(chunk), startNanos, endNanos);
        }

        private boolean within(long startNanos, long endNanos) {
            return chunk.minNanos() >= startNanos && chunk.maxNanos() < endNanos;
        }

        private Size whole() {
            return new Size(chunk.entries(), chunk.lineBytes());
        }

        /**
         * As {@link #size} for ranges that follow one another; null for those that do not reach into the chunk.
         *
         * @param bounds as of {@link io.skald.core.scan.LogSource#streamStats(List, long[])}
         * @param fromNanos entries before this time do not count
         */
        public @Nullable Size[] sizes(long[] bounds, long fromNanos) {
            @Nullable Size[] sizes = new @Nullable Size[bounds.length - 1];
            MinuteCounters c = null;
            boolean read = false;
            for (int i = 0; i < sizes.length; i++) {
                long start = Math.max(bounds[i], fromNanos);
                if (!chunk.overlaps(start, bounds[i + 1])) {
                    continue;
                }
                if (within(start, bounds[i + 1])) {
                    sizes[i] = whole();
                    continue;
                }
                if (!read) {
                    read = true;
                    c = countersIfReadable(chunk);
                }
                sizes[i] = size(c, start, bounds[i + 1]);
            }
            return sizes;
        }

        private Size size(@Nullable MinuteCounters c, long startNanos, long endNanos) {
            return c == null ? interpolated(startNanos, endNanos) : counted(c, startNanos, endNanos);
        }

        private Size counted(MinuteCounters c, long startNanos, long endNanos) {
            double entries = 0;
            double bytes = 0;
            for (int i = c.firstCell(startNanos); i < c.size() && c.minute(i) * Tally.MINUTE_NANOS < endNanos; i++) {
                double first = (double) c.minute(i) * Tally.MINUTE_NANOS + 1;
                double last = first + Tally.MINUTE_NANOS;
                double part =
                        (Math.min(last, (double) endNanos) - Math.max(first, (double) startNanos)) / Tally.MINUTE_NANOS;
                // times near 2^61 lose their last digits as doubles: a minute that is within must count whole
                part = c.within(i, startNanos, endNanos) ? 1 : Math.clamp(part, 0.0, 1.0);
                entries += c.lines(i) * part;
                bytes += c.bytes(i) * part;
            }
            return new Size(Math.round(entries), Math.round(bytes));
        }

        private Size interpolated(long startNanos, long endNanos) {
            double rows = 0;
            for (SegmentDirectory.Extent e : chunk.extents()) {
                double from = Math.max(e.minNanos(), startNanos);
                double to = Math.min((double) e.maxNanos() + 1, (double) endNanos);
                double width = (double) e.maxNanos() + 1 - e.minNanos();
                rows += e.rows() * Math.clamp((to - from) / width, 0.0, 1.0);
            }
            long entries = Math.min(chunk.entries(), Math.round(rows));
            return new Size(entries, Math.round((double) chunk.lineBytes() * entries / Math.max(1, chunk.entries())));
        }

        /**
         * Lines and bytes per minute and level. Reads the counters of the segment unless they are cached.
         *
         * @return null if the segment has none
         */
        public @Nullable MinuteCounters counters() throws StoreException {
            return countersOf(chunk);
        }

        /**
         * What lines have in common. Reads the patterns of this and neighbouring chunks unless they are cached.
         *
         * @return null if the segment does not say
         */
        public @Nullable ChunkPatterns patterns() throws StoreException {
            for (PatternGroup g : directory.patterns) {
                if (chunk.number() < g.firstChunk() + g.chunks()) {
                    return patterns.get(ref.key(), g.firstChunk(), () -> g.read(store, ref.key()))
                            .chunk(chunk.number());
                }
            }
            return null;
        }

        /** Opens the chunk's entries for a query. No I/O happens before the first {@link EntryCursor#next}. */
        public StreamScan scan(SegmentScan scan) {
            return new ChunkScan(
                    scan, chunk, scan.request().startNanos(), scan.request().endNanos());
        }
    }

    private @Nullable MinuteCounters countersOf(SegmentDirectory.Chunk chunk) throws StoreException {
        SegmentDirectory.Section section = directory.counters;
        if (section == null) {
            return null;
        }
        return counters.get(
                        ref.key(),
                        0,
                        () -> SegmentCounters.read(store, ref.key(), ref.tailOffset(), directory, section))
                .chunk(chunk.number());
    }

    /** The same; null too if they cannot be read, as there is another way. */
    private @Nullable MinuteCounters countersIfReadable(SegmentDirectory.Chunk chunk) {
        try {
            return countersOf(chunk);
        } catch (StoreException e) {
            LOG.log(System.Logger.Level.WARNING, "counters are not used: " + e.getMessage());
            return null;
        }
    }

    /**
     * How much there is.
     *
     * @param entries lines
     * @param bytes line bytes, uncompressed
     */
    public record Size(long entries, long bytes) {}

    private final class ChunkScan implements IndexedScan {
        private final SegmentScan scan;
        private final SegmentDirectory.Chunk chunk;
        private final long startNanos;
        private final long endNanos;
        private final long minNanos;
        private final long maxNanos;

        ChunkScan(SegmentScan scan, SegmentDirectory.Chunk chunk, long startNanos, long endNanos) {
            this.scan = scan;
            this.chunk = chunk;
            this.startNanos = startNanos;
            this.endNanos = endNanos;
            long min = Long.MAX_VALUE;
            long max = Long.MIN_VALUE;
            for (SegmentDirectory.Extent e : chunk.extents()) {
                if (e.overlaps(startNanos, endNanos)) {
                    min = Math.min(min, e.minNanos());
                    max = Math.max(max, e.maxNanos());
                }
            }
            this.minNanos = Math.max(min, startNanos);
            this.maxNanos = max == Long.MIN_VALUE ? max : Math.min(max, endNanos - 1);
        }

        @Override
        public Labels labels() {
            return chunk.labels();
        }

        @Override
        public long minNanos() {
            return minNanos;
        }

        @Override
        public long maxNanos() {
            return maxNanos;
        }

        @Override
        public long[] cuts() {
            long[] cuts = new long[chunk.extents().size()];
            int n = 0;
            for (SegmentDirectory.Extent e : chunk.extents()) {
                long c = e.minNanos();
                if (c > minNanos && c <= maxNanos && (n == 0 || cuts[n - 1] < c)) {
                    cuts[n++] = c;
                }
            }
            return Arrays.copyOf(cuts, n);
        }

        @Override
        public IndexedScan between(long from, long to) {
            return new ChunkScan(scan, chunk, Math.max(from, startNanos), Math.min(to, endNanos));
        }

        /** A piece for each block, but for those that skip filters rule out. */
        @Override
        public List<StreamScan> pieces() {
            long[] cuts = cuts();
            List<StreamScan> pieces = new ArrayList<>(cuts.length + 1);
            int first = 0;
            for (int i = 0; i <= cuts.length; i++) {
                long from = i == 0 ? startNanos : cuts[i - 1];
                long to = i == cuts.length ? endNanos : cuts[i];
                while (first < chunk.extents().size()
                        && chunk.extents().get(first).maxNanos() < from) {
                    first++;
                }
                if (wanted(first, to)) {
                    pieces.add(between(from, to));
                }
            }
            return pieces;
        }

        @Override
        public boolean mayHoldAny() {
            int first = 0;
            while (first < chunk.extents().size() && chunk.extents().get(first).maxNanos() < startNanos) {
                first++;
            }
            return wanted(first, endNanos);
        }

        private boolean wanted(int first, long to) {
            BlockPruner pruner = scan.pruner(SegmentReader.this);
            int ruledOut = 0;
            for (int i = first; i < chunk.extents().size(); i++) {
                SegmentDirectory.Extent e = chunk.extents().get(i);
                if (e.minNanos() >= to) {
                    break;
                }
                if (pruner == null || pruner.mayHold(e.block(), chunk.labels())) {
                    return true;
                }
                ruledOut++;
            }
            scan.stats().consideredBlocks.add(ruledOut);
            scan.stats().prunedBlocks.add(ruledOut);
            return false;
        }

        @Override
        public @Nullable Tally tally() {
            // of a piece the counters tell too much
            boolean whole = startNanos == scan.request().startNanos()
                    && endNanos == scan.request().endNanos();
            return whole ? countersIfReadable(chunk) : null;
        }

        @Override
        public @Nullable Counted counted(Counted.Wanted wanted) throws StoreException {
            return Counted.of(this, wanted);
        }

        @Override
        public EntryCursor open() {
            return new ChunkCursor(
                    SegmentReader.this, chunk, startNanos, endNanos, scan, scan.pruner(SegmentReader.this));
        }
    }

    int blocks() {
        return directory.blocks.length;
    }

    FilterGroup[] filters() {
        return directory.filters;
    }

    FilterGroup.Partition filterPartition(int group, int partition, ScanStats stats) throws StoreException {
        return partitions.get(ref.key(), (group << SegmentFormat.MAX_PARTITION_BITS) | partition, () -> {
            stats.filterBytes.add(directory.filters[group].length(partition));
            return directory.filters[group].read(store, ref.key(), partition);
        });
    }

    SegmentDirectory.Block block(int i) {
        return directory.blocks[i];
    }

    /** A block to be decoded, into {@code buffers} unless others may use the same block. */
    DecodedBlock decode(int i, BlockBuffers buffers, SegmentScan scan) throws StoreException {
        SegmentDirectory.Block b = directory.blocks[i];
        ReadAhead ahead = scan.ahead(this);
        return b.shared()
                ? sharedBlocks.get(ref.key(), i, () -> new DecodedBlock(store, ref.key(), i, b, null, ahead))
                : new DecodedBlock(store, ref.key(), i, b, buffers, ahead);
    }

    int readAheadBytes() {
        return store.readAheadBytes();
    }

    ReadWindows windows() {
        return windows;
    }

    byte[] range(long offset, int length) throws StoreException {
        return store.read(ref.key(), offset, length);
    }

    /**
     * Finds what a query reads.
     *
     * @param blocks gets the blocks
     * @return of how many streams
     */
    int wanted(SegmentScan scan, BitSet blocks) {
        ScanRequest request = scan.request();
        BlockPruner pruner = scan.pruner(this);
        int streams = 0;
        Labels last = null;
        for (Chunk c : chunks(new LabelSelector(request.matchers()), request.startNanos(), request.endNanos())) {
            if (!c.labels().equals(last)) {
                last = c.labels();
                streams++;
            }
            for (SegmentDirectory.Extent e : c.chunk.extents()) {
                if (e.overlaps(request.startNanos(), request.endNanos())
                        && (pruner == null || pruner.mayHold(e.block(), c.labels()))) {
                    blocks.set(e.block());
                }
            }
        }
        return streams;
    }
}
