/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.compact;

import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.core.scan.Direction;
import io.skald.core.scan.EntryCursor;
import io.skald.core.scan.EntryFilter;
import io.skald.core.scan.ScanRequest;
import io.skald.core.scan.ScanStats;
import io.skald.storage.SegmentStore;
import io.skald.storage.index.CommitLog;
import io.skald.storage.index.CommitResult;
import io.skald.storage.index.DeleteRequest;
import io.skald.storage.index.DeletedEntries;
import io.skald.storage.index.Deletion;
import io.skald.storage.index.IndexVersion;
import io.skald.storage.index.LogRecord;
import io.skald.storage.segment.LabelSelector;
import io.skald.storage.segment.SegmentKeys;
import io.skald.storage.segment.SegmentReader;
import io.skald.storage.segment.SegmentReaders;
import io.skald.storage.segment.SegmentRef;
import io.skald.storage.segment.SegmentScan;
import io.skald.storage.segment.SegmentWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Makes one segment out of several: entries in order, equal ones once, deleted ones not at all. The old ones are removed and the new one is
 * added by one commit, which fails if another was faster or a delete request that was applied is cancelled in between; a crash at any moment leaves the old or the
 * new, and objects that {@link Garbage} knows of. Holds the directories of the inputs and a few blocks in memory. Thread-safe.
 */
public final class Compactor {
    private static final System.Logger LOG = System.getLogger(Compactor.class.getName());

    /** How long a compaction may take before its output is taken for garbage. */
    private static final Duration MAX_DURATION = Duration.ofHours(24);

    private static final long DIRECTORY_BYTES = 64 << 20;
    private static final long SHARED_BLOCK_BYTES = 32 << 20;
    private static final long AHEAD_BYTES = 64 << 20;

    /**
     * How it works.
     *
     * @param filters the entries that a delete request's query means
     * @param patterns whether the patterns of a tenant's lines are mined
     * @param deleteDelay how long removed segments stay readable for queries that began before
     * @param nowMillis the time, milliseconds since the epoch
     * @param steps is told of each step; what it throws ends the compaction as a crash would
     */
    public record Settings(
            CompactionPolicy policy,
            Function<String, EntryFilter> filters,
            Predicate<TenantId> patterns,
            Duration deleteDelay,
            LongSupplier nowMillis,
            Consumer<CompactionStep> steps) {}

    private final SegmentStore store;
    private final CommitLog log;
    private final Garbage garbage;
    private final Settings settings;

    public Compactor(SegmentStore store, CommitLog log, Garbage garbage, Settings settings) {
        this.store = store;
        this.log = log;
        this.garbage = garbage;
        this.settings = settings;
    }

    /**
     * Compacts.
     *
     * @return what was done; not committed if segments of the job or delete requests changed meanwhile: plan again then
     * @throws StoreException.CorruptData if an input cannot be read whole; nothing is changed, as what can be read would be all that is left
     * @throws StoreException if the stores fail; whether it holds may be unknown then, and is settled in the log
     * @throws InterruptedException from the pace
     */
    public CompactionResult run(TenantId tenant, CompactionJob job, Pace pace)
            throws StoreException, InterruptedException {
        IndexVersion version = log.read(tenant);
        List<SegmentRef> inputs = version.segments().stream()
                .filter(s -> job.inputs().stream().anyMatch(i -> i.key().equals(s.key())))
                .toList();
        if (inputs.size() != job.inputs().size()) {
            return CompactionResult.OVERTAKEN;
        }
        // directories only as long as this takes: queries keep their own
        SegmentReaders readers = new SegmentReaders(store, DIRECTORY_BYTES, SHARED_BLOCK_BYTES, 8 << 20, AHEAD_BYTES);
        TreeMap<Long, DeletedEntries> deletes = new TreeMap<>();
        List<SegmentMerge.Input> merged = new ArrayList<>();
        try {
            for (SegmentRef s : inputs) {
                List<DeletedEntries> without = new ArrayList<>();
                for (Deletion d : version.deletions(s)) {
                    without.add(deletes.computeIfAbsent(
                            d.n(),
                            n -> new DeletedEntries(
                                    d, settings.filters().apply(d.request().query()))));
                }
                merged.add(new SegmentMerge.Input(readers.get(s), without));
            }
            if (inputs.size() == 1 && !deletes.isEmpty() && !holdsDeleted(merged.getFirst())) {
                return mark(tenant, inputs.getFirst(), version, deletes);
            }
            return rewrite(tenant, inputs, merged, version, deletes, pace);
        } catch (SegmentMerge.Unreadable e) {
            if (!live(tenant, inputs)) {
                return CompactionResult.OVERTAKEN;
            }
            StoreException.CorruptData corrupt = new StoreException.CorruptData(
                    "segments of tenant " + tenant + " are not compacted: " + e.getMessage());
            corrupt.initCause(e);
            throw corrupt;
        } catch (StoreException.NotFound e) {
            if (!live(tenant, inputs)) {
                return CompactionResult.OVERTAKEN;
            }
            throw e;
        }
    }

    /** Whether all inputs still are segments; if not, another compaction was so much faster that their objects are gone. */
    private boolean live(TenantId tenant, List<SegmentRef> inputs) throws StoreException {
        Set<String> live = new HashSet<>();
        log.read(tenant).segments().forEach(s -> live.add(s.key()));
        return inputs.stream().allMatch(s -> live.contains(s.key()));
    }

    /** Whether there is anything to take out; reads what skip filters do not rule out, up to the first. */
    private static boolean holdsDeleted(SegmentMerge.Input in) throws StoreException {
        for (DeletedEntries d : in.without()) {
            DeleteRequest r = d.deletion().request();
            long end = r.endNanos() == Long.MAX_VALUE ? Long.MAX_VALUE : r.endNanos() + 1;
            ScanRequest request = new ScanRequest(
                    List.of(), r.startNanos(), end, Direction.FORWARD, ScanRequest.Columns.ALL, d.requirements());
            SegmentScan scan = new SegmentScan(request, new ScanStats(), message -> {
                throw new SegmentMerge.Unreadable(message);
            });
            for (SegmentReader.Chunk c : in.reader().chunks(new LabelSelector(List.of()), r.startNanos(), end)) {
                EntryFilter.Entries deleted = d.forStream(c.labels());
                if (deleted != null && holdsAny(c, scan, deleted)) {
                    return true;
                }
            }
        }
        return false;
    }

    private static boolean holdsAny(SegmentReader.Chunk chunk, SegmentScan scan, EntryFilter.Entries deleted)
            throws StoreException {
        try (EntryCursor c = chunk.scan(scan).open()) {
            while (c.next()) {
                if (deleted.match(c)) {
                    return true;
                }
            }
            return false;
        }
    }

    private CompactionResult mark(
            TenantId tenant, SegmentRef input, IndexVersion version, Map<Long, DeletedEntries> deletes)
            throws StoreException {
        List<LogRecord.Applied> applied = deletes.keySet().stream()
                .map(n -> new LogRecord.Applied(n, 0, 0))
                .toList();
        List<LogRecord.Mark> marks = List.of(new LogRecord.Mark(input.key(), version.lastDelete()));
        CommitResult r = log.commit(tenant, LogRecord.marked(marks, applied));
        return r instanceof CommitResult.Committed ? CompactionResult.NOTHING : CompactionResult.OVERTAKEN;
    }

    private CompactionResult rewrite(
            TenantId tenant,
            List<SegmentRef> inputs,
            List<SegmentMerge.Input> merged,
            IndexVersion version,
            Map<Long, DeletedEntries> deletes,
            Pace pace)
            throws StoreException, InterruptedException {
        SegmentRef first = inputs.getFirst();
        long now = settings.nowMillis().getAsLong();
        String key = SegmentKeys.next(tenant, first.day(), now);
        garbage.writing(tenant, List.of(key), now + MAX_DURATION.toMillis());
        settings.steps().accept(CompactionStep.NOTED);
        long arrived =
                inputs.stream().mapToLong(SegmentRef::arrivedMillis).max().orElse(0);
        SegmentRef output;
        long duplicates;
        try (SegmentWriter writer =
                SegmentWriter.create(store, key, first.day(), settings.policy().density())) {
            if (!settings.patterns().test(tenant)) {
                writer.withoutPatterns();
            }
            SegmentMerge merge =
                    new SegmentMerge(writer, pace, () -> settings.steps().accept(CompactionStep.WRITING));
            boolean any = merge.run(merged);
            if (any && settings.nowMillis().getAsLong() - now > MAX_DURATION.toMillis() / 2) {
                // the first note may have come due and be gone, and this process may end before it can remove what is
                // refused
                garbage.writing(tenant, List.of(key), settings.nowMillis().getAsLong() + MAX_DURATION.toMillis());
            }
            output = any
                    ? writer.finish().withRetention(first.retention()).compacted(1, version.lastDelete(), arrived)
                    : null;
            duplicates = merge.duplicates();
        }
        settings.steps().accept(CompactionStep.WRITTEN);
        List<String> keys = inputs.stream().map(SegmentRef::key).toList();
        List<LogRecord.Applied> applied =
                deletes.values().stream().map(DeletedEntries::applied).toList();
        CommitResult r = garbage.removing(
                tenant,
                LogRecord.compaction(output == null ? List.of() : List.of(output), keys, applied),
                settings.deleteDelay(),
                settings.nowMillis());
        if (!(r instanceof CommitResult.Committed)) {
            drop(output);
            return CompactionResult.OVERTAKEN;
        }
        settings.steps().accept(CompactionStep.COMMITTED);
        long bytesIn = inputs.stream().mapToLong(SegmentRef::sizeBytes).sum();
        long deleted = applied.stream().mapToLong(LogRecord.Applied::lines).sum();
        return output == null
                ? new CompactionResult(true, inputs.size(), 0, bytesIn, 0, 0, 0, duplicates, deleted)
                : new CompactionResult(
                        true,
                        inputs.size(),
                        1,
                        bytesIn,
                        output.sizeBytes(),
                        output.entries(),
                        output.lineBytes(),
                        duplicates,
                        deleted);
    }

    /** Removes an output that the log refused. */
    private void drop(@Nullable SegmentRef output) {
        if (output == null) {
            return;
        }
        try {
            store.delete(output.key());
        } catch (StoreException e) {
            LOG.log(System.Logger.Level.WARNING, "segment {0} goes later: {1}", output.key(), e.getMessage());
        }
    }
}
