/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.backup;

import io.skald.core.block.Checksum;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.storage.IndexStore;
import io.skald.storage.SegmentStore;
import io.skald.storage.index.CommitLog;
import io.skald.storage.index.IndexVersion;
import io.skald.storage.segment.SegmentRef;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Puts a backup into stores that hold nothing, or a part of the same backup that an interrupted restore left. The segments come first, then
 * the index; the first record of each log comes last, so that until all is done nobody reads a tenant as if it were whole. Used once, by one
 * thread; nobody else may use the stores.
 */
public final class Restore {
    private static final int BATCH = 400;
    private static final int BATCH_BYTES = 16 << 20;
    private static final String LOG = "/log";
    /** Who is to evaluate rules: is written anew by whoever does. */
    private static final Set<String> PASSING = Set.of("rule-evaluators", "rule-leases");

    private final BackupPlace place;
    private final IndexStore index;
    private final SegmentStore segments;
    private final int threads;
    private final Progress progress;
    private final Set<TenantId> tenants;

    /**
     * @param tenants whom to restore; empty for all
     * @param threads objects and records that are copied at a time
     */
    public Restore(
            BackupPlace place,
            IndexStore index,
            SegmentStore segments,
            Set<TenantId> tenants,
            int threads,
            Progress progress) {
        this.place = place;
        this.index = index;
        this.segments = segments;
        this.tenants = Set.copyOf(tenants);
        this.threads = threads;
        this.progress = progress;
    }

    private record Row(String partition, long key, byte[] value) {}

    /**
     * Restores.
     *
     * @param name of the backup
     * @return what is in the stores now
     * @throws StoreException if the backup is damaged, the stores hold something else, or one of them fails; call again then, and what is
     *     done already is not done again
     */
    public BackupContent run(String name) throws StoreException, InterruptedException {
        Map<String, Map<Long, Integer>> sums = new HashMap<>();
        BackupContent all = place.read(name, (partition, key, value) -> {
            if (wanted(partition)) {
                sums.computeIfAbsent(partition, p -> new HashMap<>()).put(key, Checksum.of(value));
            }
        });
        BackupContent content = selected(all);
        refuseOthers(content, sums);
        copySegments(content);
        // the first records of logs last
        copyRecords(name, r -> !first(r));
        copyRecords(name, Restore::first);
        verify(content);
        return content;
    }

    private static boolean first(Row r) {
        return r.key == 1 && r.partition.endsWith(LOG);
    }

    /** Whether a partition or a segment's key is of a tenant that is restored. */
    private boolean wanted(String name) {
        return tenants.isEmpty() || tenants.stream().anyMatch(t -> name.startsWith(t.value() + "/"));
    }

    private BackupContent selected(BackupContent all) throws StoreException {
        if (tenants.isEmpty()) {
            return all;
        }
        Set<String> names = new HashSet<>();
        all.tenants().forEach(t -> names.add(t.id().value()));
        for (TenantId t : tenants) {
            if (!names.contains(t.value())) {
                throw new StoreException("backup " + all.name() + " holds no tenant " + t);
            }
        }
        return new BackupContent(
                all.name(),
                all.createdMillis(),
                all.tenants().stream().filter(t -> tenants.contains(t.id())).toList(),
                all.segments().stream().filter(s -> wanted(s.key())).toList(),
                all.lost().stream().filter(this::wanted).toList());
    }

    private void refuseOthers(BackupContent content, Map<String, Map<Long, Integer>> sums) throws StoreException {
        for (String p : index.partitions("")) {
            Map<Long, Integer> mine = sums.getOrDefault(p, Map.of());
            long from = Long.MIN_VALUE;
            List<IndexStore.Item> items;
            do {
                items = PASSING.contains(p) ? List.of() : index.read(p, from, BATCH);
                for (IndexStore.Item i : items) {
                    Integer sum = mine.get(i.key());
                    if (sum == null || sum != Checksum.of(i.value())) {
                        throw new StoreException("the target is not empty: its index holds record " + p + "/" + i.key()
                                + ", which is not of this backup");
                    }
                    from = i.key() + 1;
                }
            } while (items.size() == BATCH);
        }
        Set<String> mine = new HashSet<>();
        content.segments().forEach(s -> mine.add(s.key()));
        for (String key : segments.list("")) {
            if (!mine.contains(key)) {
                throw new StoreException(
                        "the target is not empty: it holds object " + key + ", which is not of this backup");
            }
        }
    }

    private void copySegments(BackupContent content) throws StoreException, InterruptedException {
        Set<String> there = new HashSet<>(segments.list(""));
        Progress.Count count =
                new Progress.Count(progress, "restored", content.segments().size(), content.bytes());
        ObjectCopy.each(content.segments(), threads, s -> {
            String from = BackupPlace.segment(s.key());
            int crc;
            try {
                crc = there.contains(s.key())
                        ? ObjectCopy.crc(segments, s.key(), s.size())
                        : ObjectCopy.copy(place.store(), from, segments, s.key(), s.size());
            } catch (StoreException.NotFound e) {
                throw new StoreException.CorruptData("backup " + content.name() + ": " + from + " is missing", e);
            }
            if (crc != s.crc()) {
                segments.delete(s.key());
                throw new StoreException.CorruptData(
                        "backup " + content.name() + ": " + from + " is not what was written, wrong checksum");
            }
            count.done(s.size());
        });
    }

    private void copyRecords(String name, Predicate<Row> which) throws StoreException, InterruptedException {
        List<Row> batch = new ArrayList<>();
        long[] bytes = new long[1];
        place.read(name, (partition, key, value) -> {
            Row r = new Row(partition, key, value);
            if (wanted(partition) && which.test(r)) {
                batch.add(r);
                bytes[0] += value.length;
                if (batch.size() == BATCH || bytes[0] > BATCH_BYTES) {
                    put(batch);
                    batch.clear();
                    bytes[0] = 0;
                }
            }
        });
        put(batch);
    }

    private void put(List<Row> batch) throws StoreException {
        try {
            ObjectCopy.each(batch, threads, r -> {
                if (!index.putIfAbsent(r.partition, r.key, r.value)) {
                    byte[] found = index.get(r.partition, r.key);
                    if (found == null || Checksum.of(found) != Checksum.of(r.value)) {
                        throw new StoreException("record " + r.partition + "/" + r.key
                                + " of the index is not of this backup: another process writes to the target");
                    }
                }
            });
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoreException.Unavailable("interrupted", e);
        }
    }

    /** Whether the index, read as a server would, says what the backup says, and every object is there. */
    private void verify(BackupContent content) throws StoreException {
        CommitLog log = new CommitLog(index);
        Set<String> there = new HashSet<>(segments.list(""));
        Set<String> lost = new HashSet<>(content.lost());
        for (BackupContent.Tenant t : content.tenants()) {
            IndexVersion v = log.read(t.id());
            if (v.n() != t.n()) {
                throw new StoreException.CorruptData("backup " + content.name() + ": the log of tenant " + t.id()
                        + " ends at " + v.n() + ", not at " + t.n());
            }
            for (SegmentRef s : v.segments()) {
                if (!there.contains(s.key()) && !lost.contains(s.key())) {
                    throw new StoreException.CorruptData(
                            "backup " + content.name() + ": segment " + s.key() + " is not in it");
                }
            }
        }
    }
}
