/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.push;

import io.skald.core.model.Labels;
import io.skald.core.model.TenantId;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Counts what was refused, and of which streams most. Bounded: of each reason the streams with the most refusals are kept, as a stream that
 * comes new takes the place, and the count, of the least. Thread-safe.
 */
public final class Discards {
    private static final int MAX_STREAMS = 20;
    private static final int MAX_TENANTS = 1000;

    /** Is told of everything that is refused, for metrics. */
    public interface Listener {
        /** @param reason Loki's name for it, such as {@code line_too_long} */
        void discarded(TenantId tenant, String reason, long lines, long bytes);
    }

    /**
     * What was refused of a stream.
     *
     * @param atLeast lines that were refused for certain; {@code lines} may count those of another stream whose place it took
     */
    public record OfStream(Labels stream, long lines, long atLeast, long bytes, long lastMillis) {}

    /** What was refused for a reason, the streams with the most lines first. */
    public record OfReason(String reason, long lines, long bytes, long lastMillis, List<OfStream> streams) {}

    private static final class Counts {
        private long lines;
        private long bytes;
        private long lastMillis;
        private final Map<Labels, OfStream> streams = new HashMap<>();
    }

    private final Listener listener;
    private final ReentrantLock lock = new ReentrantLock();
    // guarded by lock
    private final Map<TenantId, Map<String, Counts>> tenants = new HashMap<>();

    public Discards(Listener listener) {
        this.listener = listener;
    }

    /** Something was refused. */
    void add(TenantId tenant, String reason, Labels stream, long lines, long bytes) {
        listener.discarded(tenant, reason, lines, bytes);
        long now = System.currentTimeMillis();
        lock.lock();
        try {
            if (tenants.size() >= MAX_TENANTS && !tenants.containsKey(tenant)) {
                return;
            }
            Counts c = tenants.computeIfAbsent(tenant, t -> new TreeMap<>()).computeIfAbsent(reason, r -> new Counts());
            c.lines += lines;
            c.bytes += bytes;
            c.lastMillis = now;
            OfStream s = c.streams.get(stream);
            long inherited = 0;
            if (s == null && c.streams.size() >= MAX_STREAMS) {
                OfStream least = c.streams.values().stream()
                        .min(Comparator.comparingLong(OfStream::lines))
                        .orElseThrow();
                c.streams.remove(least.stream);
                inherited = least.lines;
            }
            c.streams.put(
                    stream,
                    s == null
                            ? new OfStream(stream, inherited + lines, lines, bytes, now)
                            : new OfStream(stream, s.lines + lines, s.atLeast + lines, s.bytes + bytes, now));
        } finally {
            lock.unlock();
        }
    }

    /** What was refused of a tenant since the start, by reason. */
    List<OfReason> of(TenantId tenant) {
        List<OfReason> all = new ArrayList<>();
        lock.lock();
        try {
            tenants.getOrDefault(tenant, Map.of()).forEach((reason, c) -> {
                List<OfStream> streams = c.streams.values().stream()
                        .sorted(Comparator.comparingLong(OfStream::lines)
                                .reversed()
                                .thenComparing(OfStream::stream))
                        .toList();
                all.add(new OfReason(reason, c.lines, c.bytes, c.lastMillis, streams));
            });
            return all;
        } finally {
            lock.unlock();
        }
    }
}
