/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.eval;

import io.skald.core.model.Labels;
import io.skald.core.model.Matcher;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.core.wire.RecentEntries;
import io.skald.core.wire.RecentEntries.Arrival;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Watches how late lines arrive. Asks every ingester again and again for what is new, which tells times but reads no lines. Thread-safe:
 * guarded by {@code lock}.
 */
public final class Arrivals {
    private static final System.Logger LOG = System.getLogger(Arrivals.class.getName());
    /** Streams whose watches are remembered. */
    private static final int MOST_STREAMS = 100_000;
    /** Who asks sooner is answered by the last time. */
    private static final long LEAST_BETWEEN = 20_000_000;

    private static final long QUICK = 5_000_000;

    private final Supplier<List<RecentEntries>> ingesters;
    private final ReentrantLock lock = new ReentrantLock();
    // guarded by lock
    private final Map<TenantId, Tenant> tenants = new HashMap<>();

    /** Held while ingesters are asked, which may take long. */
    private final ReentrantLock polling = new ReentrantLock();
    // guarded by polling
    private long polledAt;
    private volatile long pollNanos;

    private static final class Tenant {
        private final List<Watch> watches = new CopyOnWriteArrayList<>();
        private final Map<String, Long> positions = new HashMap<>();
        private final Map<Labels, List<Watch>> byStream = new HashMap<>();
    }

    public Arrivals(Supplier<List<RecentEntries>> ingesters) {
        this.ingesters = ingesters;
    }

    /** Begins to watch the streams that any of some selectors select. The caller closes it. */
    Watch watch(TenantId tenant, List<List<Matcher>> selectors) {
        Watch w = new Watch(this, tenant, selectors);
        lock.lock();
        try {
            Tenant t = tenants.get(tenant);
            if (t == null) {
                t = new Tenant();
                tenants.put(tenant, t);
            }
            t.watches.add(w);
            t.byStream.clear();
        } finally {
            lock.unlock();
        }
        return w;
    }

    private void remove(Watch w, TenantId tenant) {
        lock.lock();
        try {
            Tenant t = tenants.get(tenant);
            if (t != null) {
                t.watches.remove(w);
                t.byStream.clear();
                if (t.watches.isEmpty()) {
                    tenants.remove(tenant);
                }
            }
        } finally {
            lock.unlock();
        }
    }

    /** Asks what arrived since the last time. To be called often: lines count as late as they are when this is called. */
    public void poll(long nowNanos) {
        if (!polling.tryLock()) {
            return;
        }
        try {
            long begin = System.nanoTime();
            if (nowNanos >= polledAt && nowNanos - polledAt < LEAST_BETWEEN) {
                return;
            }
            polledAt = nowNanos;
            List<RecentEntries> all = ingesters.get();
            for (TenantId tenant : watched()) {
                for (RecentEntries r : all) {
                    poll(tenant, r, nowNanos);
                }
            }
            pollNanos = System.nanoTime() - begin;
        } finally {
            polling.unlock();
        }
    }

    /** As {@link #poll}, unless that takes long: somebody else calls it often. */
    void pollIfQuick(long nowNanos) {
        if (pollNanos < QUICK) {
            poll(nowNanos);
        }
    }

    private List<TenantId> watched() {
        lock.lock();
        try {
            return List.copyOf(tenants.keySet());
        } finally {
            lock.unlock();
        }
    }

    private void poll(TenantId tenant, RecentEntries ingester, long now) {
        Long from = position(tenant, ingester.ingesterId());
        long next = from == null ? ingester.endPosition() : from;
        List<Arrival> arrivals = List.of();
        if (from != null) {
            try {
                RecentEntries.Arrived arrived = ingester.arrived(tenant, from);
                arrivals = arrived.arrivals();
                next = arrived.nextPosition();
            } catch (StoreException.Stale e) {
                LOG.log(Level.DEBUG, () -> "what arrived was flushed before it was looked at: " + e.getMessage());
                next = ingester.endPosition();
            } catch (StoreException e) {
                LOG.log(Level.DEBUG, () -> "ingester " + ingester.ingesterId() + " does not answer: " + e.getMessage());
            }
        }
        lock.lock();
        try {
            Tenant t = tenants.get(tenant);
            if (t == null) {
                return;
            }
            t.positions.put(ingester.ingesterId(), next);
            for (Arrival a : arrivals) {
                for (Watch w : watches(t, a.labels())) {
                    w.arrived(a, now);
                }
            }
        } finally {
            lock.unlock();
        }
    }

    private @Nullable Long position(TenantId tenant, String ingester) {
        lock.lock();
        try {
            Tenant t = tenants.get(tenant);
            return t == null ? null : t.positions.get(ingester);
        } finally {
            lock.unlock();
        }
    }

    private static List<Watch> watches(Tenant t, Labels stream) {
        List<Watch> known = t.byStream.get(stream);
        if (known == null) {
            known = new ArrayList<>();
            for (Watch w : t.watches) {
                if (w.selects(stream)) {
                    known.add(w);
                }
            }
            if (t.byStream.size() >= MOST_STREAMS) {
                t.byStream.clear();
            }
            t.byStream.put(stream, known);
        }
        return known;
    }

    /** The lines of one rule group. Thread-safe: guarded by itself. */
    static final class Watch implements AutoCloseable {
        /** Lags up to 50 ms, then each bound a fifth above the one before: the last is beyond a day. */
        private static final int BUCKETS = 80;

        private static final double FIRST = 0.05;
        private static final double GROWTH = 1.2;
        private static final double PART = 0.99;
        private static final long ROTATE_NANOS = 300L * 1_000_000_000;
        private static final int MOST_SPANS = 256;

        private final Arrivals owner;
        private final TenantId tenant;
        private final List<List<Matcher>> selectors;
        private final long[][] counts = new long[2][BUCKETS];
        private long rotatedAt;
        private final List<long[]> spans = new ArrayList<>();

        private Watch(Arrivals owner, TenantId tenant, List<List<Matcher>> selectors) {
            this.owner = owner;
            this.tenant = tenant;
            this.selectors = List.copyOf(selectors);
        }

        private boolean selects(Labels stream) {
            return selectors.stream().anyMatch(s -> Matcher.all(s, stream));
        }

        private synchronized void arrived(Arrival a, long now) {
            if (now - rotatedAt > ROTATE_NANOS) {
                boolean old = now - rotatedAt > 2 * ROTATE_NANOS;
                counts[1] = old ? new long[BUCKETS] : counts[0];
                counts[0] = new long[BUCKETS];
                rotatedAt = now;
            }
            double lag = (now - a.minNanos()) / 1e9;
            int bucket = lag <= FIRST ? 0 : (int) Math.ceil(Math.log(lag / FIRST) / Math.log(GROWTH));
            counts[0][Math.min(BUCKETS - 1, bucket)] += a.entries();
            if (spans.size() >= MOST_SPANS) {
                // one span over all: more is looked at again than must be
                long[] all = spans.getFirst();
                spans.forEach(s -> {
                    all[0] = Math.min(all[0], s[0]);
                    all[1] = Math.max(all[1], s[1]);
                });
                spans.clear();
                spans.add(all);
            }
            spans.add(new long[] {a.minNanos(), a.maxNanos()});
        }

        /** How late all but a hundredth of the lines of the last five to ten minutes came, at most; 0 if there were none. */
        synchronized long lagNanos() {
            long total =
                    Arrays.stream(counts[0]).sum() + Arrays.stream(counts[1]).sum();
            if (total == 0) {
                return 0;
            }
            long most = (long) Math.ceil(total * PART);
            long n = 0;
            for (int i = 0; i < BUCKETS; i++) {
                n += counts[0][i] + counts[1][i];
                if (n >= most) {
                    return (long) (FIRST * Math.pow(GROWTH, i) * 1e9);
                }
            }
            throw new IllegalStateException("counts of lags do not add up");
        }

        /** The time spans of what arrived since the last call, each {first, last}. */
        synchronized List<long[]> take() {
            List<long[]> out = List.copyOf(spans);
            spans.clear();
            return out;
        }

        @Override
        public void close() {
            owner.remove(this, tenant);
        }
    }
}
