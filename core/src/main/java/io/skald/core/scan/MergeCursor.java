/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.scan;

import io.skald.core.model.Labels;
import io.skald.core.model.StoreException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Objects;
import java.util.PriorityQueue;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Merges parts of a stream. Opens a part only when time comes to where it may have entries. */
final class MergeCursor implements EntryCursor {
    /** An opened part that stands at an entry. */
    private static final class Open {
        final int rank;
        final EntryCursor cursor;
        long time;

        Open(int rank, EntryCursor cursor) {
            this.rank = rank;
            this.cursor = cursor;
        }
    }

    /** An entry that had to be kept while others of its time were compared with it. */
    private record Kept(byte[] line, Labels metadata) {}

    private final List<StreamScan> parts;
    private final boolean backward;
    private final ScanStats stats;
    /** Ranks of the parts not opened yet, the next at the end. */
    private final int[] pending;

    private int pendingCount;
    private final Comparator<Open> order;
    private final PriorityQueue<Open> open;
    /** All that must be closed. */
    private final Set<EntryCursor> live = Collections.newSetFromMap(new IdentityHashMap<>());
    /** The part whose entry is given as it stands; not in {@code open}. */
    private @Nullable Open current;

    private List<Kept> group = List.of();
    private int inGroup = -1;
    private long groupTime;

    MergeCursor(List<StreamScan> parts, Direction direction, ScanStats stats) {
        this.parts = parts;
        this.backward = direction == Direction.BACKWARD;
        this.stats = stats;
        Comparator<Integer> byTime = backward
                ? Comparator.comparingLong(r -> parts.get(r).maxNanos())
                : Comparator.<Integer>comparingLong(r -> parts.get(r).minNanos())
                        .reversed();
        List<Integer> ranks = new ArrayList<>();
        for (int i = 0; i < parts.size(); i++) {
            ranks.add(i);
        }
        ranks.sort(byTime);
        this.pending = ranks.stream().mapToInt(Integer::intValue).toArray();
        this.pendingCount = pending.length;
        Comparator<Open> forward = Comparator.<Open>comparingLong(o -> o.time).thenComparingInt(o -> o.rank);
        this.order = backward ? forward.reversed() : forward;
        this.open = new PriorityQueue<>(order);
    }

    @Override
    public boolean next() throws StoreException {
        while (true) {
            if (inGroup + 1 < group.size()) {
                inGroup++;
                return true;
            }
            group = List.of();
            inGroup = -1;
            Open c = current;
            current = null;
            if (c == null || !advance(c)) {
                c = first();
                if (c == null) {
                    return false;
                }
            }
            while (pendingCount > 0 && mayReach(c.time)) {
                openNext();
            }
            Open top = open.peek();
            if (top != null && order.compare(top, c) < 0) {
                open.add(c);
                c = open.remove();
                top = open.peek();
            }
            if (top == null || top.time != c.time) {
                current = c;
                return true;
            }
            collect(c);
        }
    }

    /** The opened part that comes first, opening parts until there is one. Null at the end of all. */
    private @Nullable Open first() throws StoreException {
        while (open.isEmpty() && pendingCount > 0) {
            openNext();
        }
        return open.poll();
    }

    /** Whether the next part to open may have an entry at or before (in the direction of reading) a time. */
    private boolean mayReach(long time) {
        StreamScan next = parts.get(pending[pendingCount - 1]);
        return backward ? next.maxNanos() >= time : next.minNanos() <= time;
    }

    private void openNext() throws StoreException {
        int rank = pending[--pendingCount];
        Open o = new Open(rank, parts.get(rank).open());
        live.add(o.cursor);
        if (advance(o)) {
            open.add(o);
        }
    }

    private boolean advance(Open o) throws StoreException {
        if (o.cursor.next()) {
            o.time = o.cursor.timestampNanos();
            return true;
        }
        live.remove(o.cursor);
        o.cursor.close();
        return false;
    }

    /** Takes all entries of one time out of all parts that hold it, and keeps one of each. */
    private void collect(Open firstPart) throws StoreException {
        long time = firstPart.time;
        List<Open> holders = new ArrayList<>();
        holders.add(firstPart);
        for (Open o = open.peek(); o != null && o.time == time; o = open.peek()) {
            holders.add(open.remove());
        }
        holders.sort(Comparator.comparingInt(o -> o.rank));
        List<Kept> all = new ArrayList<>();
        for (Open o : holders) {
            take(o, time, all);
        }
        Set<EntryIdentity> seen = HashSet.newHashSet(all.size());
        List<Kept> kept = new ArrayList<>(all.size());
        for (Kept k : all) {
            if (seen.add(new EntryIdentity(k.line, 0, k.line.length, k.metadata))) {
                kept.add(k);
            }
        }
        stats.duplicates.add(all.size() - kept.size());
        if (backward) {
            Collections.reverse(kept);
        }
        group = kept;
        groupTime = time;
    }

    /** Appends a part's entries of one time in the order of their arrival; leaves the part behind them. */
    private void take(Open o, long time, List<Kept> all) throws StoreException {
        List<Kept> own = new ArrayList<>();
        boolean more = true;
        while (more && o.time == time) {
            EntryCursor c = o.cursor;
            if (!(c instanceof LazyCursor lazy) || lazy.loadAll()) {
                own.add(new Kept(Arrays.copyOfRange(c.buffer(), c.offset(), c.offset() + c.length()), c.metadata()));
            }
            more = advance(o);
        }
        if (more) {
            open.add(o);
        }
        if (backward) {
            Collections.reverse(own);
        }
        all.addAll(own);
    }

    private EntryCursor entry() {
        return Objects.requireNonNull(current, "no entry").cursor;
    }

    private @Nullable Kept kept() {
        return inGroup < 0 ? null : group.get(inGroup);
    }

    @Override
    public long timestampNanos() {
        return inGroup < 0 ? entry().timestampNanos() : groupTime;
    }

    @Override
    public byte[] buffer() {
        Kept k = kept();
        return k == null ? entry().buffer() : k.line;
    }

    @Override
    public int offset() {
        return kept() == null ? entry().offset() : 0;
    }

    @Override
    public int length() {
        Kept k = kept();
        return k == null ? entry().length() : k.line.length;
    }

    @Override
    public Labels metadata() {
        Kept k = kept();
        return k == null ? entry().metadata() : k.metadata;
    }

    @Override
    public void close() {
        current = null;
        open.clear();
        pendingCount = 0;
        group = List.of();
        live.forEach(EntryCursor::close);
        live.clear();
    }
}
