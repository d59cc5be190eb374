/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.push;

import io.skald.core.config.Limits;
import io.skald.core.model.Labels;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
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

    /** What is known of the labels of streams as they are pushed; with more, all are found out anew. */
    private static final int MAX_NAMED = 200_000;

    private final ReentrantLock lock = new ReentrantLock();
    // guarded by lock
    private final TokenBucket rate = new TokenBucket();
    /** Those that were pushed to in this generation or the one before, or whose rates are kept. */
    private final Map<Labels, Stream> streams = new HashMap<>();

    private int generation;
    private long generationNanos = Long.MIN_VALUE;
    private Map<String, Distinct> values = new TreeMap<>();
    private volatile List<String> demoted;

    private final ConcurrentHashMap<Labels, Named> named = new ConcurrentHashMap<>();

    private static final class Stream {
        private final TokenBucket rate = new TokenBucket();
        private int generation;
    }

    /** Labels that keep to limits, and what they are stored as. */
    private record Named(Limits limits, Labels labels) {}

    /** What becomes of a push to a stream. */
    enum Verdict {
        ADMITTED,
        TOO_MANY_STREAMS,
        TOO_FAST
    }

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
            return streams.size();
        } finally {
            lock.unlock();
        }
    }

    /** What was remembered for labels, always the same object while it is; null for nothing. */
    @Nullable
    Labels named(Limits limits, Labels pushed) {
        Named n = named.get(pushed);
        return n != null && sameObject(n.limits, limits) ? n.labels : null;
    }

    @SuppressWarnings("ReferenceEquality") // equal ones that are not the same only cost a look
    private static boolean sameObject(Limits a, Limits b) {
        return a == b;
    }

    /** Remembers what pushed labels that keep to the limits are stored as. */
    void name(Limits limits, Labels pushed, Labels labels) {
        if (named.mappingCount() >= MAX_NAMED) {
            named.clear();
        }
        named.put(pushed, new Named(limits, labels));
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

    /** Takes note of a push to a stream, of so many bytes. */
    Verdict admit(Limits limits, Labels labels, long bytes, long nowNanos) {
        int most = limits.maxGlobalStreamsPerUser();
        boolean rated = limits.perStreamRateLimit() > 0;
        if (most == 0 && !rated) {
            return Verdict.ADMITTED;
        }
        lock.lock();
        try {
            if (generationNanos == Long.MIN_VALUE || nowNanos - generationNanos > GENERATION_NANOS) {
                beginGeneration(nowNanos);
            }
            Stream s = streams.get(labels);
            if (s == null) {
                count(labels);
                if (most > 0 && streams.size() >= most) {
                    return Verdict.TOO_MANY_STREAMS;
                }
                if (most == 0 && streams.size() >= MAX_RATES) {
                    streams.clear();
                }
                s = new Stream();
                streams.put(labels, s);
            }
            s.generation = generation;
            boolean taken = !rated
                    || s.rate.take(
                            bytes,
                            (double) limits.perStreamRateLimit(),
                            (double) limits.perStreamRateLimitBurst(),
                            nowNanos);
            return taken ? Verdict.ADMITTED : Verdict.TOO_FAST;
        } finally {
            lock.unlock();
        }
    }

    private void beginGeneration(long nowNanos) {
        // streams of the last generation count until the end of this one
        streams.values().removeIf(s -> s.generation != generation);
        values = new TreeMap<>();
        streams.keySet().forEach(this::count);
        generation++;
        generationNanos = nowNanos;
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
                streams.clear();
                values = new TreeMap<>();
            }
            return noisiest;
        } finally {
            lock.unlock();
        }
    }
}
