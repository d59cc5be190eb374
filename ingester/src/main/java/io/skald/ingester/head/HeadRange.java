/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.head;

import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import io.skald.core.model.Matcher;
import io.skald.core.model.StoreException;
import io.skald.core.scan.Direction;
import io.skald.core.scan.EntryCursor;
import io.skald.core.scan.LogSource.StreamStats;
import io.skald.core.scan.ScanRequest.Columns;
import io.skald.core.scan.ScanStats;
import io.skald.core.wire.UnstoredDelete;
import io.skald.ingester.wal.Wal;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What a tenant has in a range of WAL positions, with the files held that are needed to read it. Reading is thread-safe, closing is the
 * owner's.
 */
public final class HeadRange implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(HeadRange.class.getName());

    private final List<TenantHead.Stream> streams;
    private final HeldFiles files;

    private HeadRange(List<TenantHead.Stream> streams, HeldFiles files) {
        this.streams = streams;
        this.files = files;
    }

    static HeadRange empty() {
        return new HeadRange(List.of(), new HeldFiles(HeadDeletes.NONE));
    }

    static HeadRange open(
            Wal wal, TenantHead tenant, List<Matcher> matchers, long from, long to, List<UnstoredDelete> without)
            throws StoreException {
        List<TenantHead.Stream> streams = tenant.streams(matchers, from, to);
        HeldFiles files = new HeldFiles(HeadDeletes.of(without));
        try {
            for (TenantHead.Stream s : streams) {
                files.add(wal, s.fragments());
            }
            // checked last: fragments are forgotten before their file is let go
            if (tenant.droppedBelow() > from) {
                throw new StoreException.Stale("entries after WAL position " + from + " are stored in segments by now");
            }
            return new HeadRange(streams, files);
        } catch (StoreException e) {
            files.close();
            throw e;
        }
    }

    /** A stream, by its place in the list, with where its entries are. */
    List<TenantHead.Stream> streams() {
        return streams;
    }

    /** How many streams there are. */
    public int size() {
        return streams.size();
    }

    /** The labels of a stream; streams are sorted by them. */
    public Labels labels(int stream) {
        return streams.get(stream).labels();
    }

    /** A stream's entries in a range of time, for a flush. A fragment that cannot be read is handed to {@code onCorrupt} and left out. */
    public StreamBatches batches(
            int stream, long startNanos, long endNanos, Consumer<StoreException.CorruptData> onCorrupt) {
        TenantHead.Stream s = streams.get(stream);
        return new StreamBatches(files, s.fragments(), s.labels(), startNanos, endNanos, onCorrupt);
    }

    /** Whether a stream may have entries in a range of time. */
    public boolean mayHave(int stream, long startNanos, long endNanos) {
        FragmentList.Slice f = streams.get(stream).fragments();
        for (int i = 0; i < f.size(); i++) {
            if (f.overlaps(i, startNanos, endNanos)) {
                return true;
            }
        }
        return false;
    }

    /** The periods in which there are entries, counted from the epoch. */
    public SortedSet<Long> periods(long lengthNanos) throws StoreException {
        SortedSet<Long> found = new TreeSet<>();
        for (TenantHead.Stream s : streams) {
            FragmentList.Slice f = s.fragments();
            for (int i = 0; i < f.size(); i++) {
                long first = Math.floorDiv(f.minNanos(i), lengthNanos);
                long last = Math.floorDiv(f.maxNanos(i), lengthNanos);
                found.add(first);
                found.add(last);
                if (last - first > 1) {
                    DecodedFragment d = files.read(s.labels(), f, i, new Columns(false, false, false));
                    for (int row = 0; row < d.size(); row++) {
                        found.add(Math.floorDiv(d.time(row), lengthNanos));
                    }
                }
            }
        }
        return found;
    }

    /** What delete requests take out of all this: by the number of the request, entries and bytes of lines. */
    public Map<Long, long[]> deleted() throws StoreException {
        Map<Long, long[]> counts = new TreeMap<>();
        for (TenantHead.Stream s : streams) {
            for (int i = 0; i < s.fragments().size(); i++) {
                try {
                    files.countDeleted(s.labels(), s.fragments(), i, counts);
                } catch (StoreException.CorruptData e) {
                    // whoever reads the entries reports it
                    LOG.log(System.Logger.Level.DEBUG, "deleted entries cannot be counted", e);
                }
            }
        }
        return counts;
    }

    EntryCursor cursor(
            TenantHead.Stream s,
            long startNanos,
            long endNanos,
            Direction direction,
            Columns columns,
            ScanStats stats,
            @Nullable Consumer<StoreException.CorruptData> onCorrupt) {
        return new StreamCursor(files, s, startNanos, endNanos, direction, columns, stats, onCorrupt);
    }

    boolean hasEntries(TenantHead.Stream s, long startNanos, long endNanos) throws StoreException {
        FragmentList.Slice f = s.fragments();
        for (int i = 0; i < f.size(); i++) {
            long min = f.minNanos(i);
            long max = f.maxNanos(i);
            if ((min >= startNanos && min < endNanos || max >= startNanos && max < endNanos)
                    && !files.lacks(s.labels(), f, i)) {
                return true;
            }
            if (f.overlaps(i, startNanos, endNanos)) {
                DecodedFragment d = files.read(s.labels(), f, i, new Columns(false, false, false));
                if (d.lowerBound(startNanos) < d.lowerBound(endNanos)) {
                    return true;
                }
            }
        }
        return false;
    }

    /** Exact counts; the fragments' own numbers do when they lie within the range, one after the other, without a repeated time. */
    StreamStats stats(TenantHead.Stream s, long startNanos, long endNanos) throws StoreException {
        FragmentList.Slice f = s.fragments();
        long entries = 0;
        long bytes = 0;
        long last = Long.MIN_VALUE;
        for (int i = 0; i < f.size(); i++) {
            if (!f.overlaps(i, startNanos, endNanos)) {
                continue;
            }
            boolean plain = f.increasing(i)
                    && f.minNanos(i) > last
                    && f.minNanos(i) >= startNanos
                    && f.maxNanos(i) < endNanos
                    && !files.lacks(s.labels(), f, i);
            if (!plain) {
                return Head.count(this, s, startNanos, endNanos);
            }
            last = f.maxNanos(i);
            entries += f.count(i);
            bytes += f.lineBytes(i);
        }
        return new StreamStats(s.labels(), 1, entries, bytes);
    }

    /** A fragment in the order of arrival. */
    EntryBatch read(TenantHead.Stream s, int fragment) throws StoreException {
        DecodedFragment d = files.read(s.labels(), s.fragments(), fragment, Columns.ALL);
        EntryBatch b = new EntryBatch(s.labels(), d.size());
        for (int row = 0; row < d.size(); row++) {
            b.add(d.time(row), d.buffer(), d.offset(row), d.length(row), d.metadata(row));
        }
        return b;
    }

    @Override
    public void close() {
        files.close();
    }
}
