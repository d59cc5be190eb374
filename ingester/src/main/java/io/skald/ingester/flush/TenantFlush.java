/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.flush;

import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.ingester.head.Head;
import io.skald.ingester.head.HeadRange;
import io.skald.ingester.head.StreamBatches;
import io.skald.storage.SegmentStore;
import io.skald.storage.index.CommitLog;
import io.skald.storage.index.CommitResult;
import io.skald.storage.index.Fence;
import io.skald.storage.index.IndexVersion;
import io.skald.storage.index.LogRecord;
import io.skald.storage.segment.SegmentKeys;
import io.skald.storage.segment.SegmentRef;
import io.skald.storage.segment.SegmentWriter;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.SortedSet;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Stores what one tenant has below a cut: a segment per UTC day, then one commit. May be called again after a failure: what was written by
 * then is used, and a commit whose outcome is unknown is settled by its nonce. Confined to the flush thread.
 */
final class TenantFlush {
    private static final System.Logger LOG = System.getLogger(TenantFlush.class.getName());
    private static final long DAY_NANOS = 86_400_000_000_000L;
    private final Head head;
    private final SegmentStore store;
    private final CommitLog log;
    private final FlushEvents events;
    private final BlockCopier copier;
    private final AckPace pace;
    private final TenantId tenant;
    private final long to;
    private final boolean patterns;
    private final RetentionClasses retention;
    private final SegmentNotes notes;
    private final LongSupplier nowMillis;
    private long from;
    /** What is written and not committed yet; empty: nothing is written. */
    private final Deque<LogRecord> records = new ArrayDeque<>();

    private final List<SegmentRef> committed = new ArrayList<>();

    /**
     * @param patterns whether the patterns of lines are mined
     * @param retention which entries go to segments of their own
     */
    TenantFlush(
            Head head,
            SegmentStore store,
            CommitLog log,
            FlushEvents events,
            BlockCopier copier,
            AckPace pace,
            TenantId tenant,
            long from,
            long to,
            boolean patterns,
            RetentionClasses retention,
            SegmentNotes notes,
            LongSupplier nowMillis) {
        this.notes = notes;
        this.nowMillis = nowMillis;
        this.retention = retention;
        this.patterns = patterns;
        this.head = head;
        this.store = store;
        this.log = log;
        this.events = events;
        this.copier = copier;
        this.pace = pace;
        this.tenant = tenant;
        this.from = from;
        this.to = to;
    }

    TenantId tenant() {
        return tenant;
    }

    /** The segments that were committed. */
    List<SegmentRef> committed() {
        return committed;
    }

    /**
     * Writes and commits.
     *
     * @return where the tenant's fence stands now: not moved when there was nothing to store
     */
    long run() throws StoreException {
        while (true) {
            if (records.isEmpty() && !write()) {
                return from;
            }
            LogRecord r = records.getFirst();
            events.reached(FlushStep.BEFORE_COMMIT);
            CommitResult result = log.commit(tenant, r);
            switch (result) {
                case CommitResult.Committed c -> {
                    committed.addAll(r.adds());
                    records.removeFirst();
                    events.reached(FlushStep.COMMITTED);
                    if (records.isEmpty()) {
                        return to;
                    }
                }
                case CommitResult.FenceMoved moved -> {
                    // an earlier run committed and did not live to see it: what it stored must not be stored again
                    drop();
                    from = moved.position();
                    if (from >= to) {
                        return from;
                    }
                }
                case CommitResult.Voided v -> {
                    // this took so long that the objects were taken for leftovers
                    LOG.log(System.Logger.Level.WARNING, "segments are written again: " + v.keys());
                    drop();
                }
                case CommitResult.SegmentsGone gone -> throw refused(gone);
                case CommitResult.DeletesChanged changed -> {
                    // asked for, or cancelled, while this was writing
                    LOG.log(
                            System.Logger.Level.DEBUG,
                            "segments are written again for delete requests " + changed.numbers());
                    drop();
                }
                case CommitResult.Live live -> throw refused(live);
            }
        }
    }

    private static IllegalStateException refused(CommitResult result) {
        return new IllegalStateException("a commit that removes nothing was refused: " + result);
    }

    /** Forgets what is written and not committed. */
    private void drop() {
        records.forEach(r -> drop(r.adds()));
        records.clear();
    }

    private void drop(List<SegmentRef> segments) {
        for (SegmentRef s : segments) {
            try {
                store.delete(s.key());
            } catch (StoreException e) {
                // never committed, so nobody will read it: it only takes space
                LOG.log(System.Logger.Level.WARNING, "cannot remove the superfluous segment " + s.key(), e);
            }
        }
    }

    /** Writes the segments; false when there are no entries in the range of positions. */
    private boolean write() throws StoreException {
        if (!head.holds(tenant, from, to)) {
            return false;
        }
        IndexVersion version = log.read(tenant);
        List<SegmentRef> written = new ArrayList<>();
        try (HeadRange range = head.range(tenant, from, to, version.unstoredDeletes(head.ingesterId()))) {
            if (range.size() == 0) {
                return false;
            }
            List<LogRecord.Applied> applied = new ArrayList<>();
            range.deleted().forEach((n, c) -> applied.add(new LogRecord.Applied(n, c[0], c[1])));
            SortedSet<Long> days = range.periods(DAY_NANOS);
            List<String> keys = keys(days);
            notes.writing(tenant, keys);
            Iterator<String> key = keys.iterator();
            for (long day : days) {
                for (String selector : retention.all()) {
                    SegmentRef ref = segment(range, day, selector, key.next());
                    if (ref != null) {
                        written.add(ref.withDeletes(version.lastDelete()));
                        events.reached(FlushStep.SEGMENT_WRITTEN);
                    }
                }
            }
            records.addAll(LogRecord.flushInParts(written, new Fence(head.ingesterId(), from, to), applied));
            return true;
        } catch (StoreException e) {
            drop(written);
            throw e;
        }
    }

    /** A key for each segment that may come of it. */
    private List<String> keys(SortedSet<Long> days) {
        List<String> keys = new ArrayList<>();
        for (long day : days) {
            for (int i = 0; i < retention.all().size(); i++) {
                keys.add(SegmentKeys.next(tenant, Math.toIntExact(day), nowMillis.getAsLong()));
            }
        }
        return keys;
    }

    private @Nullable SegmentRef segment(HeadRange range, long day, String selector, String firstKey)
            throws StoreException {
        String key = firstKey;
        while (true) {
            try {
                return tried(range, day, selector, key);
            } catch (BlockCopier.WrongFilter e) {
                // each agent can be wrong only once
                LOG.log(System.Logger.Level.INFO, "writing the segment of day " + day + " again");
                key = SegmentKeys.next(tenant, Math.toIntExact(day), nowMillis.getAsLong());
                notes.writing(tenant, List.of(key));
            }
        }
    }

    private @Nullable SegmentRef tried(HeadRange range, long day, String selector, String key)
            throws StoreException, BlockCopier.WrongFilter {
        long start = day * DAY_NANOS;
        long end = start + DAY_NANOS;
        boolean any = false;
        try (SegmentWriter writer = SegmentWriter.create(store, key, Math.toIntExact(day))) {
            if (!patterns) {
                writer.withoutPatterns();
            }
            for (int s = 0; s < range.size(); s++) {
                if (range.mayHave(s, start, end)) {
                    any |= stream(range, s, start, end, selector, writer);
                }
            }
            return any ? writer.finish().withRetention(selector) : null;
        }
    }

    private boolean stream(HeadRange range, int stream, long start, long end, String selector, SegmentWriter writer)
            throws StoreException, BlockCopier.WrongFilter {
        String ofAll = retention.ofStream(range.labels(stream));
        if (ofAll != null && !ofAll.equals(selector)) {
            return false;
        }
        StreamBatches batches = range.batches(stream, start, end, this::corrupt);
        boolean any = false;
        while (batches.hasMore()) {
            pace.giveWay();
            // a block with entries of several classes is not copied
            StreamBatches.Block block = ofAll == null ? null : batches.block();
            if (block != null) {
                any |= copy(range.labels(stream), block, writer);
                continue;
            }
            EntryBatch b = batches.next();
            if (b != null && ofAll == null) {
                b = retention.only(b, selector);
            }
            if (b != null && b.size() > 0) {
                writer.add(b);
                any = true;
            }
        }
        return any;
    }

    private boolean copy(Labels labels, StreamBatches.Block block, SegmentWriter writer)
            throws StoreException, BlockCopier.WrongFilter {
        try {
            return copier.add(tenant, labels, block, writer);
        } catch (StoreException.CorruptData e) {
            corrupt(e);
            return false;
        }
    }

    private void corrupt(StoreException.CorruptData damage) {
        LOG.log(System.Logger.Level.ERROR, "entries of tenant " + tenant + " are lost: " + damage.getMessage());
        events.corrupt();
    }
}
