/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.segment;

import io.skald.core.model.StoreException;
import io.skald.core.scan.Direction;
import java.util.Arrays;
import java.util.BitSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;

/**
 * Reads the blocks of one segment that one query wants, several of them by one call: where each call costs money and a round trip, neighbours are
 * read with the block that is asked for, as many as the query has shown to be worth it. Thread-safe; a block that several ask for is read once.
 */
final class ReadAhead {
    /** Bytes between two wanted blocks that are read rather than begin another call. */
    private static final int MAX_GAP = 64 << 10;

    /** Bytes of neighbouring blocks, until {@link ReadWindows} takes them away. */
    static final class Window {
        final int first;
        final int last;
        final long offset;
        final int length;
        /** Null before they are read, and when they are taken away. */
        volatile byte @Nullable [] bytes;

        private @Nullable FutureTask<byte[]> reading;

        Window(int first, int last, long offset, int length) {
            this.first = first;
            this.last = last;
            this.offset = offset;
            this.length = length;
        }
    }

    /** Where the bytes of a block are; not to be changed. */
    record Bytes(byte[] array, int offset) {}

    private final SegmentReader segment;
    private final SegmentScan scan;
    /** The wanted blocks by their offset, and the place of each block among them or -1. */
    private int[] order = {};

    private int[] places = {};
    private @Nullable Window[] windows = {};
    private boolean prepared;

    ReadAhead(SegmentReader segment, SegmentScan scan) {
        this.segment = segment;
        this.scan = scan;
    }

    /** Finds out what is wanted, which may read skip filters. */
    private void prepare() {
        prepared = true;
        BitSet wanted = new BitSet();
        scan.sideBySide(segment.wanted(scan, wanted));
        order = wanted.stream()
                .boxed()
                .sorted((a, b) ->
                        Long.compare(segment.block(a).offset(), segment.block(b).offset()))
                .mapToInt(i -> i)
                .toArray();
        places = new int[segment.blocks()];
        Arrays.fill(places, -1);
        for (int i = 0; i < order.length; i++) {
            places[order[i]] = i;
        }
        windows = new @Nullable Window[order.length];
    }

    /**
     * The bytes of a block.
     *
     * @return null if this does not read it, and its reader has to
     */
    @Nullable
    Bytes read(int block) throws StoreException {
        SegmentDirectory.Block b = segment.block(block);
        Window w;
        FutureTask<byte[]> task;
        boolean mine = false;
        synchronized (this) {
            if (!prepared) {
                prepare();
            }
            int place = places[block];
            if (place < 0) {
                return null;
            }
            w = windows[place];
            byte[] held = w == null ? null : w.bytes;
            if (w != null && held != null) {
                scan.windows().used(w);
                scan.consumed(b.length());
                return new Bytes(held, (int) (b.offset() - w.offset));
            }
            if (w == null || w.reading == null) {
                if (w != null) {
                    // taken away before it was needed: there is not room for so much
                    scan.readLess();
                }
                w = window(place);
                for (int i = w.first; i <= w.last; i++) {
                    windows[i] = w;
                }
                Window own = w;
                w.reading = new FutureTask<>(() -> segment.range(own.offset, own.length));
                mine = true;
            }
            task = w.reading;
        }
        scan.consumed(b.length());
        byte[] bytes = mine ? fetch(w, task) : await(task);
        return new Bytes(bytes, (int) (b.offset() - w.offset));
    }

    private byte[] fetch(Window w, FutureTask<byte[]> task) throws StoreException {
        task.run();
        boolean read = false;
        try {
            byte[] bytes = await(task);
            w.bytes = bytes;
            read = true;
            return bytes;
        } finally {
            synchronized (this) {
                w.reading = null;
                for (int i = w.first; !read && i <= w.last; i++) {
                    if (windows[i] == w) {
                        windows[i] = null;
                    }
                }
            }
            if (read) {
                scan.windows().used(w);
            }
        }
    }

    private byte[] await(FutureTask<byte[]> task) throws StoreException {
        try {
            return task.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoreException.Unavailable("segment " + segment.ref().key() + ": interrupted", e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof StoreException s) {
                throw s;
            }
            throw new IllegalStateException("reading segment " + segment.ref().key() + " failed", e.getCause());
        }
    }

    /** The block at a place, and those that will be asked for next. */
    private Window window(int place) {
        int first = place;
        int last = place;
        long most = scan.window();
        boolean backward = scan.request().direction() == Direction.BACKWARD;
        while (backward ? first > 0 : last + 1 < order.length) {
            int next = backward ? first - 1 : last + 1;
            long gap = backward ? begin(first) - end(next) : begin(next) - end(last);
            long length = backward ? end(last) - begin(next) : end(next) - begin(first);
            Window other = windows[next];
            if (gap > MAX_GAP || length > most || other != null && (other.bytes != null || other.reading != null)) {
                break;
            }
            first = Math.min(first, next);
            last = Math.max(last, next);
        }
        long blocks = 0;
        for (int i = first; i <= last; i++) {
            blocks += segment.block(order[i]).length();
        }
        scan.fetched(blocks);
        return new Window(first, last, begin(first), Math.toIntExact(end(last) - begin(first)));
    }

    private long begin(int place) {
        return segment.block(order[place]).offset();
    }

    private long end(int place) {
        SegmentDirectory.Block b = segment.block(order[place]);
        return b.offset() + b.length();
    }
}
