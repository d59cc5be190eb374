/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.head;

import io.skald.core.block.BlockFormat;
import io.skald.core.block.BlockReader;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import io.skald.core.model.StoreException;
import io.skald.core.scan.ScanRequest.Columns;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A stream's entries for a flush: large blocks of native pushes that no other fragment overlaps in time as they are, all else in batches. The batches follow each other in time without overlap; within one, entries are in the order of
 * arrival, unsorted, and equal ones are still there. Only where fragments that all reach over the same time take too much memory do batches overlap. Confined
 * to one thread.
 */
public final class StreamBatches {
    /** A batch is given when it has about this many bytes of lines or entries. */
    private static final long BATCH_BYTES = 4 << 20;

    private static final int BATCH_ENTRIES = 100_000;
    /** Most bytes of lines that wait for fragments that could hold something earlier. */
    private static final long HELD_BYTES = 32 << 20;

    private final HeldFiles files;
    private final FragmentList.Slice fragments;
    private final Labels labels;
    private final long endNanos;
    private final Consumer<StoreException.CorruptData> onCorrupt;
    /** Fragments in range by their first time. */
    private final int[] waiting;

    private int nextWaiting;
    /** The latest time of the fragments that were read. */
    private long reachedNanos = Long.MIN_VALUE;

    private final long startNanos;
    /** Whether {@link #block} was asked, so that blocks are kept for it. */
    private boolean copying;
    /** Entries before this time were given. */
    private long fromNanos;
    /** Fragments with entries at or after {@link #fromNanos}. */
    private final List<Held> held = new ArrayList<>();

    private record Held(int ordinal, DecodedFragment fragment, long maxNanos, int lineBytes) {}

    StreamBatches(
            HeldFiles files,
            FragmentList.Slice fragments,
            Labels labels,
            long startNanos,
            long endNanos,
            Consumer<StoreException.CorruptData> onCorrupt) {
        this.files = files;
        this.fragments = fragments;
        this.labels = labels;
        this.startNanos = startNanos;
        this.fromNanos = startNanos;
        this.endNanos = endNanos;
        this.onCorrupt = onCorrupt;
        this.waiting = byFirstTime(fragments, startNanos, endNanos);
    }

    private static int[] byFirstTime(FragmentList.Slice fragments, long startNanos, long endNanos) {
        int[] in = IntStream.range(0, fragments.size())
                .filter(i -> fragments.overlaps(i, startNanos, endNanos))
                .toArray();
        for (int i = 1; i < in.length; i++) {
            if (fragments.minNanos(in[i - 1]) > fragments.minNanos(in[i])) {
                return IntStream.of(in)
                        .boxed()
                        .sorted(Comparator.comparingLong(fragments::minNanos))
                        .mapToInt(Integer::intValue)
                        .toArray();
            }
        }
        return in;
    }

    /** A block that comes next, and its entries, for who would rather have these. */
    public final class Block {
        private final int fragment;
        private final BlockReader reader;

        private Block(int fragment, BlockReader reader) {
            this.fragment = fragment;
            this.reader = reader;
        }

        /** The block as it was pushed; only its header was looked at, and the bytes compared with what was acknowledged. */
        public BlockReader reader() {
            return reader;
        }

        /** The entries; null if they cannot be read, which was reported then. */
        public @Nullable EntryBatch entries() throws StoreException {
            DecodedFragment f = read(fragment);
            if (f == null) {
                return null;
            }
            EntryBatch batch = new EntryBatch(labels, f.size());
            f.addTo(batch, Long.MIN_VALUE, Long.MAX_VALUE);
            return batch;
        }
    }

    /**
     * The block that comes next, if it is one that can be stored as it is: large, its times growing, all within the range asked for, and nothing
     * else reaching over them. Null if {@link #next} has to be asked first, or at the end.
     */
    public @Nullable Block block() throws StoreException {
        copying = true;
        while (held.isEmpty() && nextWaiting < waiting.length && copyable()) {
            int i = waiting[nextWaiting++];
            reachedNanos = Math.max(reachedNanos, fragments.maxNanos(i));
            try {
                byte[] bytes = files.readBlock(fragments, i);
                return new Block(i, DecodedFragment.reader(fragments.address(i), bytes, fragments.headBytes(i)));
            } catch (StoreException.CorruptData e) {
                onCorrupt.accept(e);
            }
        }
        return null;
    }

    private boolean copyable() {
        int i = waiting[nextWaiting];
        return fragments.isBlock(i)
                && !files.lacks(labels, fragments, i)
                && fragments.increasing(i)
                && fragments.lineBytes(i) >= BlockFormat.COPIED_FROM_BYTES
                && fragments.minNanos(i) >= startNanos
                && fragments.maxNanos(i) < endNanos
                && fragments.minNanos(i) > reachedNanos
                && (nextWaiting + 1 == waiting.length
                        || fragments.minNanos(waiting[nextWaiting + 1]) > fragments.maxNanos(i));
    }

    /** The next batch, which has entries; null at the end, or where {@link #block} gives more if it was asked before. */
    public @Nullable EntryBatch next() throws StoreException {
        while (hasMore()) {
            if (copying && held.isEmpty() && copyable()) {
                return null;
            }
            EntryBatch batch = gather();
            if (batch.size() > 0) {
                return batch;
            }
        }
        return null;
    }

    /** Whether {@link #block} or {@link #next} has more. */
    public boolean hasMore() {
        return nextWaiting < waiting.length || !held.isEmpty();
    }

    private EntryBatch gather() throws StoreException {
        long bytes = 0;
        long entries = 0;
        for (Held h : held) {
            bytes += h.lineBytes;
            entries += h.fragment.size();
        }
        while (nextWaiting < waiting.length) {
            boolean enough = bytes >= BATCH_BYTES || entries >= BATCH_ENTRIES;
            long reached = fragments.minNanos(waiting[nextWaiting]);
            if (enough && !held.isEmpty() && reached > fromNanos) {
                EntryBatch batch = take(reached);
                if (batch.size() > 0) {
                    return batch;
                }
            }
            if (bytes >= HELD_BYTES || copying && copyable()) {
                return takeAll();
            }
            int i = waiting[nextWaiting++];
            reachedNanos = Math.max(reachedNanos, fragments.maxNanos(i));
            DecodedFragment f = read(i);
            if (f != null) {
                held.add(new Held(i, f, fragments.maxNanos(i), fragments.lineBytes(i)));
                bytes += fragments.lineBytes(i);
                entries += f.size();
            }
        }
        return takeAll();
    }

    private @Nullable DecodedFragment read(int i) throws StoreException {
        try {
            return files.read(labels, fragments, i, Columns.ALL);
        } catch (StoreException.CorruptData e) {
            onCorrupt.accept(e);
            return null;
        }
    }

    /** Everything held; what comes later may reach before its end. */
    private EntryBatch takeAll() {
        EntryBatch batch = batch(endNanos);
        held.clear();
        return batch;
    }

    private EntryBatch take(long untilNanos) {
        long until = Math.min(untilNanos, endNanos);
        EntryBatch batch = batch(until);
        fromNanos = until;
        held.removeIf(h -> h.maxNanos < until);
        return batch;
    }

    private EntryBatch batch(long untilNanos) {
        // entries of one time keep their order of arrival
        held.sort(Comparator.comparingInt(Held::ordinal));
        int n = 0;
        for (Held h : held) {
            n += h.fragment.size();
        }
        EntryBatch batch = new EntryBatch(labels, n);
        for (Held h : held) {
            h.fragment.addTo(batch, fromNanos, untilNanos);
        }
        return batch;
    }
}
