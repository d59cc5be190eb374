/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.backup;

import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.storage.IndexStore;
import io.skald.storage.SegmentStore;
import io.skald.storage.file.FileSegmentStore;
import io.skald.storage.index.CommitLog;
import io.skald.storage.index.IndexVersion;
import io.skald.storage.index.LogFormat;
import io.skald.storage.segment.SegmentRef;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Makes one backup of stores that others may be writing to: of each tenant the log up to one version, the segments of that version, and the
 * rules. Segments that are in the place already, from an earlier backup or one that was interrupted, are not copied again. The stores are
 * only read. Used once, by one thread.
 */
public final class Backup {
    private static final String LOG = "/log";
    private static final String CHECKPOINT = "/checkpoint";
    private static final String RULES = "/rules";
    private static final String RULE_STATES = "/rulestate";
    /** Compactions that may come in between before this is given up. */
    private static final int MAX_ATTEMPTS = 8;

    private static final int PAGE = 500;

    /**
     * How it is made.
     *
     * @param tenants of whom; empty for all
     * @param threads objects that are copied at a time
     * @param hardLinks whether segments become links to the same files, where both are directories of one file system
     */
    public record Settings(Set<TenantId> tenants, int threads, boolean hardLinks, Progress progress) {
        public Settings {
            tenants = Set.copyOf(tenants);
        }
    }

    /**
     * What was done.
     *
     * @param copied segments that were not in the place before
     * @param copiedBytes their size
     */
    public record Result(BackupContent content, long copied, long copiedBytes) {}

    private final IndexStore index;
    private final CommitLog log;
    private final SegmentStore segments;
    private final BackupPlace place;
    private final Settings settings;

    private final Map<String, BackupContent.Segment> known = new HashMap<>();
    private final ConcurrentHashMap<String, BackupContent.Segment> done = new ConcurrentHashMap<>();
    private final Set<String> lost = ConcurrentHashMap.newKeySet();
    private Set<String> there = Set.of();
    private long copied;
    private long copiedBytes;

    /** @param index where the log is, for what is beside it */
    public Backup(IndexStore index, CommitLog log, SegmentStore segments, BackupPlace place, Settings settings) {
        this.index = index;
        this.log = log;
        this.segments = segments;
        this.place = place;
        this.settings = settings;
    }

    /**
     * Makes it.
     *
     * @throws StoreException if a store fails, or there is nothing to be backed up; what was copied so far stays and is not copied again
     */
    public Result run(long nowMillis) throws StoreException, InterruptedException {
        Set<TenantId> tenants = tenants();
        knowWhatIsThere();
        Map<TenantId, IndexVersion> versions = new LinkedHashMap<>();
        for (TenantId t : tenants) {
            versions.put(t, copy(t));
        }
        String name = BackupPlace.name(nowMillis);
        List<BackupContent.Tenant> summaries = new ArrayList<>();
        Map<String, BackupContent.Segment> all = new TreeMap<>();
        Set<String> missing = new TreeSet<>();
        versions.forEach((t, v) -> {
            long entries = 0;
            long bytes = 0;
            for (SegmentRef s : v.segments()) {
                BackupContent.Segment copy = done.get(s.key());
                if (copy == null) {
                    missing.add(s.key());
                } else {
                    all.put(s.key(), copy);
                    entries += s.entries();
                    bytes += s.sizeBytes();
                }
            }
            summaries.add(new BackupContent.Tenant(t, v.n(), v.segments().size(), entries, bytes));
        });
        BackupContent content =
                new BackupContent(name, nowMillis, summaries, List.copyOf(all.values()), List.copyOf(missing));
        write(content, versions);
        return new Result(content, copied, copiedBytes);
    }

    private Set<TenantId> tenants() throws StoreException {
        Set<TenantId> found = new TreeSet<>();
        for (String p : index.partitions("")) {
            for (String suffix : List.of(LOG, RULES)) {
                if (p.endsWith(suffix)) {
                    found.add(new TenantId(p.substring(0, p.length() - suffix.length())));
                }
            }
        }
        if (found.isEmpty()) {
            throw new StoreException("there is nothing to be backed up: the index knows no tenant");
        }
        for (TenantId t : settings.tenants) {
            if (!found.contains(t)) {
                throw new StoreException("the index knows no tenant " + t);
            }
        }
        return settings.tenants.isEmpty() ? found : new TreeSet<>(settings.tenants);
    }

    private void knowWhatIsThere() throws StoreException {
        there = place.segments();
        for (String name : place.names().reversed()) {
            try {
                place.content(name).segments().forEach(s -> known.put(s.key(), s));
                return;
            } catch (StoreException.CorruptData e) {
                System.getLogger(Backup.class.getName())
                        .log(System.Logger.Level.WARNING, "backup left out: {0}", e.getMessage());
            }
        }
    }

    /** Copies the segments of a tenant's newest version. Those that a compaction removes meanwhile make it begin again, with little left to do. */
    private IndexVersion copy(TenantId tenant) throws StoreException, InterruptedException {
        for (int attempt = 1; ; attempt++) {
            IndexVersion v = log.read(tenant);
            // what was not there is lost only if the log, read after that, still lists it
            Set<String> gone = new HashSet<>(lost);
            List<SegmentRef> todo = v.segments().stream()
                    .filter(s -> !done.containsKey(s.key()) && !gone.contains(s.key()))
                    .toList();
            if (todo.isEmpty()) {
                return v;
            }
            if (attempt > MAX_ATTEMPTS) {
                throw new StoreException.Unavailable("tenant " + tenant + ": segments go faster than they are copied");
            }
            Progress.Count count = new Progress.Count(
                    settings.progress,
                    "copied for tenant " + tenant,
                    todo.size(),
                    todo.stream().mapToLong(SegmentRef::sizeBytes).sum());
            ObjectCopy.each(todo, settings.threads, s -> {
                copy(s);
                count.done(s.sizeBytes());
            });
        }
    }

    private void copy(SegmentRef s) throws StoreException {
        String key = s.key();
        String to = BackupPlace.segment(key);
        BackupContent.Segment before = known.get(key);
        if (there.contains(key) && before != null && before.size() == s.sizeBytes()) {
            done.put(key, before);
            return;
        }
        try {
            int crc;
            if (there.contains(key)) {
                crc = ObjectCopy.crc(segments, key, s.sizeBytes());
            } else if (settings.hardLinks
                    && segments instanceof FileSegmentStore from
                    && place.store() instanceof FileSegmentStore target) {
                target.link(to, from.file(key));
                crc = ObjectCopy.crc(segments, key, s.sizeBytes());
                count(s.sizeBytes());
            } else {
                crc = ObjectCopy.copy(segments, key, place.store(), to, s.sizeBytes());
                count(s.sizeBytes());
            }
            check(to, s.sizeBytes(), crc);
            done.put(key, new BackupContent.Segment(key, s.sizeBytes(), crc));
        } catch (StoreException.NotFound e) {
            lost.add(key);
        }
    }

    private synchronized void count(long bytes) {
        copied++;
        copiedBytes += bytes;
    }

    /** Reads back what is to be relied on one day. */
    private void check(String key, long size, int crc) throws StoreException {
        long found = place.store().size(key);
        if (found != size || ObjectCopy.crc(place.store(), key, size) != crc) {
            throw new StoreException.CorruptData(
                    "copy " + key + " of " + found + " bytes is not what was copied; remove it and begin again");
        }
    }

    private void write(BackupContent content, Map<TenantId, IndexVersion> versions) throws StoreException {
        try (SegmentStore.Output out = place.store().create(BackupPlace.file(content.name()))) {
            BackupWriter w = new BackupWriter(out);
            w.about(content.createdMillis());
            for (BackupContent.Tenant t : content.tenants()) {
                w.tenant(t);
            }
            for (BackupContent.Segment s : content.segments()) {
                w.segment(s);
            }
            for (String key : content.lost()) {
                w.lost(key);
            }
            for (Map.Entry<TenantId, IndexVersion> e : versions.entrySet()) {
                String tenant = e.getKey().value();
                long n = e.getValue().n();
                records(w, tenant + LOG, n);
                records(w, tenant + CHECKPOINT, LogFormat.lastCheckpointKey(n));
                records(w, tenant + RULES, Long.MAX_VALUE);
                records(w, tenant + RULE_STATES, Long.MAX_VALUE);
            }
            w.commit();
        }
    }

    /** All records of a partition with keys up to a last one. */
    private void records(BackupWriter w, String partition, long last) throws StoreException {
        long from = Long.MIN_VALUE;
        while (true) {
            List<IndexStore.Item> items = index.read(partition, from, PAGE);
            for (IndexStore.Item i : items) {
                if (i.key() > last) {
                    return;
                }
                w.record(partition, i.key(), i.value());
            }
            if (items.size() < PAGE || items.getLast().key() == Long.MAX_VALUE) {
                return;
            }
            from = items.getLast().key() + 1;
        }
    }
}
