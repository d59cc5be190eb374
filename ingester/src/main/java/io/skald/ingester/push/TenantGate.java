/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.push;

import io.skald.core.config.Limits;
import io.skald.core.model.Labels;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What the limits of a tenant need to remember between its pushes: how much came, which streams are active, and which labels became
 * structured metadata because there were too many streams. Thread-safe: guarded by {@code lock}.
 */
public final class TenantGate {
    /** A stream that was not pushed to for one to two of these is not active. */
    private static final long GENERATION_NANOS = 1_800_000_000_000L;
    /** Most streams whose rates are kept; with more, all start anew. */
    private static final int MAX_RATES = 200_000;

    private static final Set<String> KEPT = Set.of("service_name", "__stream_shard__");

    private final ReentrantLock lock = new ReentrantLock();
    // guarded by lock
    private final TokenBucket rate = new TokenBucket();
    private final Map<Labels, TokenBucket> streamRates = new HashMap<>();
    private Set<Labels> active = new HashSet<>();
    private Set<Labels> activeBefore = Set.of();
    private long generationNanos = Long.MIN_VALUE;
    private Map<String, Distinct> values = new TreeMap<>();
    private volatile List<String> demoted;

    /** @param demoted labels that became structured metadata earlier */
    TenantGate(List<String> demoted) {
        this.demoted = List.copyOf(demoted);
    }

    /** Labels that become structured metadata, sorted. */
    List<String> demoted() {
        return demoted;
    }

    /** Streams that were pushed to of late. */
    int activeStreams() {
        lock.lock();
        try {
            int n = active.size();
            for (Labels l : activeBefore) {
                n += active.contains(l) ? 0 : 1;
            }
            return n;
        } finally {
            lock.unlock();
        }
    }

    /** Whether the tenant may push this much more now. */
    boolean takeRate(Limits limits, long bytes, long nowNanos) {
        if (limits.ingestionRateMb() == 0) {
            return true;
        }
        lock.lock();
        try {
            return rate.take(
                    bytes,
                    (double) limits.ingestionRateMb() * (1 << 20),
                    (double) limits.ingestionBurstSizeMb() * (1 << 20),
                    nowNanos);
        } finally {
            lock.unlock();
        }
    }

    /** Whether a stream may take this much more now. */
    boolean takeStreamRate(Limits limits, Labels stream, long bytes, long nowNanos) {
        if (limits.perStreamRateLimit() == 0) {
            return true;
        }
        lock.lock();
        try {
            if (streamRates.size() >= MAX_RATES && !streamRates.containsKey(stream)) {
                streamRates.clear();
            }
            return streamRates
                    .computeIfAbsent(stream, l -> new TokenBucket())
                    .take(
                            bytes,
                            (double) limits.perStreamRateLimit(),
                            (double) limits.perStreamRateLimitBurst(),
                            nowNanos);
        } finally {
            lock.unlock();
        }
    }

    /** Takes note of a push to a stream; false when the stream would be one too many. */
    boolean admit(Limits limits, Labels stream, long nowNanos) {
        int most = limits.maxGlobalStreamsPerUser();
        if (most == 0) {
            return true;
        }
        lock.lock();
        try {
            if (generationNanos == Long.MIN_VALUE || nowNanos - generationNanos > GENERATION_NANOS) {
                // streams of the last generation count until the end of this one
                activeBefore = active;
                active = new HashSet<>();
                values = new TreeMap<>();
                activeBefore.forEach(this::count);
                generationNanos = nowNanos;
            }
            if (active.contains(stream)) {
                return true;
            }
            if (!activeBefore.contains(stream)) {
                // those of both generations are counted twice, which only makes the limit be looked at more closely
                if (active.size() + activeBefore.size() >= most && activeStreams() >= most) {
                    count(stream);
                    return false;
                }
                count(stream);
            }
            active.add(stream);
            return true;
        } finally {
            lock.unlock();
        }
    }

    private void count(Labels stream) {
        for (int i = 0; i < stream.size(); i++) {
            values.computeIfAbsent(stream.name(i), n -> new Distinct()).add(stream.value(i));
        }
    }

    /**
     * Makes structured metadata of the label with the most values, from now on. The streams that there are no longer count.
     *
     * @param needed labels that streams must have
     * @return the label, or null if there is none that more than one value was seen of
     */
    @Nullable
    String demoteNoisiest(List<String> needed) {
        lock.lock();
        try {
            String noisiest = null;
            double most = 1.5;
            for (Map.Entry<String, Distinct> e : values.entrySet()) {
                double n = e.getValue().estimate();
                if (n > most && !KEPT.contains(e.getKey()) && !needed.contains(e.getKey())) {
                    noisiest = e.getKey();
                    most = n;
                }
            }
            if (noisiest != null) {
                Set<String> all = new TreeSet<>(demoted);
                all.add(noisiest);
                demoted = List.copyOf(all);
                active = new HashSet<>();
                activeBefore = Set.of();
                values = new TreeMap<>();
            }
            return noisiest;
        } finally {
            lock.unlock();
        }
    }
}
