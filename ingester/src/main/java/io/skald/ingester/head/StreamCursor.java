/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.head;

import io.skald.core.model.Labels;
import io.skald.core.model.StoreException;
import io.skald.core.scan.Direction;
import io.skald.core.scan.EntryCursor;
import io.skald.core.scan.ScanRequest.Columns;
import io.skald.core.scan.ScanStats;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Merges the fragments of a stream in order of time. A fragment is read when the merge reaches its first time and dropped after its last, so
 * that only those that overlap are held at once. Arrays that an accessor returned stay valid and unchanged after {@link #next()}. Confined
 * to one thread.
 */
final class StreamCursor implements EntryCursor {
    private static final int HASH_FROM = 16;

    private final HeldFiles files;
    private final Labels stream;
    private final FragmentList.Slice fragments;
    private final long startNanos;
    private final long endNanos;
    private final boolean backward;
    private final Columns columns;
    private final ScanStats stats;
    /** Takes what cannot be read, which is then left out; null to fail on it. */
    private final @Nullable Consumer<StoreException.CorruptData> onCorrupt;
    /** Fragments in range in the order in which the merge reaches them. */
    private final int[] waiting;

    private int nextWaiting;
    private final PriorityQueue<Open> open;
    /** Entries of the present time, in the order in which they are given. */
    private final List<Row> group = new ArrayList<>();

    private int inGroup = -1;

    StreamCursor(
            HeldFiles files,
            TenantHead.Stream stream,
            long startNanos,
            long endNanos,
            Direction direction,
            Columns columns,
            ScanStats stats,
            @Nullable Consumer<StoreException.CorruptData> onCorrupt) {
        this.onCorrupt = onCorrupt;
        this.files = files;
        this.stream = stream.labels();
        this.fragments = stream.fragments();
        this.startNanos = startNanos;
        this.endNanos = endNanos;
        this.backward = direction == Direction.BACKWARD;
        this.columns = columns;
        this.stats = stats;
        Comparator<Integer> reached = backward
                ? Comparator.comparingLong((Integer i) -> fragments.maxNanos(i)).reversed()
                : Comparator.comparingLong(fragments::minNanos);
        this.waiting = IntStream.range(0, fragments.size())
                .filter(i -> fragments.overlaps(i, startNanos, endNanos))
                .boxed()
                .sorted(reached)
                .mapToInt(Integer::intValue)
                .toArray();
        this.open = new PriorityQueue<>(
                backward ? Comparator.comparingLong(Open::time).reversed() : Comparator.comparingLong(Open::time));
    }

    /** A fragment being read. */
    private static final class Open {
        private final int ordinal;
        private final int from;
        private final int to;
        private final boolean backward;
        private DecodedFragment fragment;
        private boolean whole;
        private int place;

        Open(int ordinal, DecodedFragment fragment, boolean whole, int from, int to, boolean backward) {
            this.ordinal = ordinal;
            this.fragment = fragment;
            this.whole = whole;
            this.from = from;
            this.to = to;
            this.backward = backward;
            this.place = backward ? to - 1 : from;
        }

        boolean done() {
            return backward ? place < from : place >= to;
        }

        long time() {
            return fragment.timeAt(place);
        }

        int take() {
            int p = backward ? place-- : place++;
            return fragment.row(p);
        }
    }

    private record Row(Open from, int row) {}

    @Override
    public boolean next() throws StoreException {
        if (++inGroup < group.size()) {
            return true;
        }
        group.clear();
        inGroup = 0;
        openReached();
        Open first = open.poll();
        if (first == null) {
            return false;
        }
        long time = first.time();
        take(first, time);
        while (true) {
            Open other = open.peek();
            if (other == null || other.time() != time) {
                break;
            }
            open.remove();
            take(other, time);
        }
        if (group.size() > 1) {
            collapse();
        }
        return true;
    }

    /** Opens fragments until none that waits could hold an earlier entry (a later one, going backward) than those that are open. */
    private void openReached() throws StoreException {
        while (nextWaiting < waiting.length) {
            int i = waiting[nextWaiting];
            Open first = open.peek();
            if (first != null
                    && (backward ? fragments.maxNanos(i) < first.time() : fragments.minNanos(i) > first.time())) {
                return;
            }
            nextWaiting++;
            DecodedFragment f = read(i);
            if (f == null) {
                continue;
            }
            int from = f.lowerBound(startNanos);
            int to = f.lowerBound(endNanos);
            stats.headLines.add(to - (long) from);
            if (columns.lines()) {
                for (int p = from; p < to; p++) {
                    stats.headBytes.add(f.length(f.row(p)));
                }
            }
            if (columns.metadata()) {
                stats.metadataBytes.add(f.metadataBytes(from, to));
            }
            Open o = new Open(i, f, columns.lines() && columns.metadata(), from, to, backward);
            if (!o.done()) {
                open.add(o);
            }
        }
    }

    private @Nullable DecodedFragment read(int i) throws StoreException {
        try {
            return files.read(stream, fragments, i, columns);
        } catch (StoreException.CorruptData e) {
            if (onCorrupt == null) {
                throw e;
            }
            onCorrupt.accept(e);
            return null;
        }
    }

    private void take(Open o, long time) {
        do {
            group.add(new Row(o, o.take()));
        } while (!o.done() && o.time() == time);
        if (!o.done()) {
            open.add(o);
        }
    }

    /** Drops entries of the group that equal an earlier arrival. */
    private void collapse() throws StoreException {
        for (Row r : group) {
            if (!r.from.whole) {
                r.from.fragment = files.read(stream, fragments, r.from.ordinal, Columns.ALL);
                r.from.whole = true;
            }
        }
        group.sort(Comparator.comparingInt((Row r) -> r.from.ordinal).thenComparingInt(Row::row));
        List<Row> kept = new ArrayList<>(group.size());
        Set<Integer> hashes = new HashSet<>();
        for (Row r : group) {
            boolean known =
                    group.size() >= HASH_FROM && hashes.add(r.from.fragment.hash(r.row)) ? false : contains(kept, r);
            if (known) {
                stats.duplicates.increment();
            } else {
                kept.add(r);
            }
        }
        group.clear();
        group.addAll(backward ? kept.reversed() : kept);
    }

    private static boolean contains(List<Row> kept, Row r) {
        for (Row k : kept) {
            if (DecodedFragment.equal(k.from.fragment, k.row, r.from.fragment, r.row)) {
                return true;
            }
        }
        return false;
    }

    private Row current() {
        return group.get(inGroup);
    }

    @Override
    public long timestampNanos() {
        Row r = current();
        return r.from.fragment.time(r.row);
    }

    @Override
    public byte[] buffer() {
        return current().from.fragment.buffer();
    }

    @Override
    public int offset() {
        Row r = current();
        return r.from.fragment.offset(r.row);
    }

    @Override
    public int length() {
        Row r = current();
        return r.from.fragment.length(r.row);
    }

    @Override
    public Labels metadata() {
        Row r = current();
        return r.from.fragment.metadata(r.row);
    }

    @Override
    public void close() {
        open.clear();
        group.clear();
        nextWaiting = waiting.length;
    }
}
