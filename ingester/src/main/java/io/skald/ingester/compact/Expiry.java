/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.compact;

import io.skald.core.config.RetentionSettings;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.storage.compact.Garbage;
import io.skald.storage.index.CommitResult;
import io.skald.storage.index.LogRecord;
import io.skald.storage.segment.SegmentRef;
import java.time.Duration;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Removes segments that retention does not cover any more. Confined to whoever runs compactions. */
final class Expiry {
    private static final System.Logger LOG = System.getLogger(Expiry.class.getName());
    /** Segments that one record of the log removes. */
    private static final int AT_ONCE = 1000;

    /** What was removed because the disk is full must be gone soon; queries that read it say so in a warning. */
    private static final Duration EVICTED_DELAY = Duration.ofMinutes(2);

    private final CompactionService.Environment env;
    private final RetentionSettings settings;
    private final Garbage garbage;
    private final Duration deleteDelay;
    private final CompactionMetrics metrics;
    private long evictedUntilMillis;

    Expiry(
            CompactionService.Environment env,
            RetentionSettings settings,
            Garbage garbage,
            Duration deleteDelay,
            CompactionMetrics metrics) {
        this.env = env;
        this.settings = settings;
        this.garbage = garbage;
        this.deleteDelay = deleteDelay;
        this.metrics = metrics;
    }

    /** Removes what is too old. */
    void expire(TenantId tenant) throws StoreException {
        List<SegmentRef> old = env.log().read(tenant).segments().stream()
                .filter(s -> env.retention().expired(tenant, s))
                .toList();
        if (!old.isEmpty() && remove(tenant, old, deleteDelay)) {
            metrics.expired.inc((double) bytes(old));
            LOG.log(
                    System.Logger.Level.INFO,
                    "removed {0} segments of tenant {1}: their retention is over",
                    old.size(),
                    tenant);
        }
    }

    private static long bytes(List<SegmentRef> segments) {
        return segments.stream().mapToLong(SegmentRef::sizeBytes).sum();
    }

    private boolean remove(TenantId tenant, List<SegmentRef> segments, Duration delay) throws StoreException {
        List<String> keys = segments.stream().map(SegmentRef::key).toList();
        boolean all = true;
        for (int i = 0; i < keys.size(); i += AT_ONCE) {
            LogRecord removal = LogRecord.removal(keys.subList(i, Math.min(keys.size(), i + AT_ONCE)));
            // when a compaction was faster, the next look sees what came of it
            all &= garbage.removing(tenant, removal, delay, env.nowMillis()) instanceof CommitResult.Committed;
        }
        return all;
    }

    /** Removes the oldest days of all tenants while there is too much. */
    void evict() throws StoreException {
        if (settings.maxSize() == 0 && settings.minFree() == 0) {
            return;
        }
        TreeMap<Integer, Map<TenantId, List<SegmentRef>>> days = new TreeMap<>();
        long total = 0;
        for (TenantId t : env.log().tenants()) {
            for (SegmentRef s : env.log().read(t).segments()) {
                total += s.sizeBytes();
                days.computeIfAbsent(s.day(), d -> new TreeMap<>())
                        .computeIfAbsent(t, k -> new ArrayList<>())
                        .add(s);
            }
        }
        // what was removed a moment ago is still on the disk
        long now = env.nowMillis().getAsLong();
        long free = now < evictedUntilMillis ? Long.MAX_VALUE : env.freeBytes().getAsLong();
        // the newest day stays: without it there would be nothing to show for what is being taken
        while (days.size() > 1
                && (settings.maxSize() > 0 && total > settings.maxSize()
                        || settings.minFree() > 0 && free < settings.minFree())) {
            Map.Entry<Integer, Map<TenantId, List<SegmentRef>>> oldest = days.pollFirstEntry();
            for (Map.Entry<TenantId, List<SegmentRef>> e : oldest.getValue().entrySet()) {
                long size = bytes(e.getValue());
                if (remove(e.getKey(), e.getValue(), EVICTED_DELAY)) {
                    metrics.evicted.inc((double) size);
                    evictedUntilMillis = now + 3 * EVICTED_DELAY.toMillis();
                    total -= size;
                    free += size;
                    LOG.log(
                            System.Logger.Level.WARNING,
                            "removed day {0} of tenant {1}, {2} bytes, before its retention was over: the store is full",
                            LocalDate.ofEpochDay(oldest.getKey()),
                            e.getKey(),
                            Long.toString(size));
                }
            }
        }
    }
}
