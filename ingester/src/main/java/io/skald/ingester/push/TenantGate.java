/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.push;

import io.skald.core.config.Limits;
import io.skald.core.model.Labels;
import io.skald.core.wire.LevelDetector;
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
    private static final int MAX_KNOWN = 200_000;

    private final ReentrantLock lock = new ReentrantLock();
    // guarded by lock
    private final TokenBucket rate = new TokenBucket();
    /** Those that were pushed to in this generation or the one before, or whose rates are kept. */
    private final Map<Labels, Stream> streams = new HashMap<>();

    private int generation;
    private long generationNanos = Long.MIN_VALUE;
    private Map<String, Distinct> values = new TreeMap<>();
    private volatile List<String> demoted;

    private final ConcurrentHashMap<Labels, Known> known = new ConcurrentHashMap<>();

    private static final class Stream {
        private final TokenBucket rate = new TokenBucket();
        private int generation;
        /** Whether it is not among those of the gate any more. */
        private boolean gone;
    }

    /** Labels as they are pushed that keep to limits, and what becomes of them. */
    static final class Known {
        private final Limits limits;
        private final Labels labels;
        private final @Nullable String level;
        /** Their stream, once it was admitted; guarded by {@code lock} of the gate. */
        private @Nullable Stream stream;

        /** @param labels what they are stored as */
        Known(Limits limits, Labels labels) {
            this.limits = limits;
            this.labels = labels;
            this.level = LevelDetector.named(labels);
        }

        Labels labels() {
            return labels;
        }

        /** The level that the labels name, null for none. */
        @Nullable
        String level() {
            return level;
        }
    }

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
    @SuppressWarnings("ReferenceEquality") // equal limits that are not the same object only cost a look
    Known known(Limits limits, Labels pushed) {
        Known n = known.get(pushed);
        return n != null && n.limits == limits ? n : null;
    }

    /** Remembers pushed labels of a stream that was admitted. */
    void remember(Labels pushed, Known what) {
        if (known.mappingCount() >= MAX_KNOWN) {
            known.clear();
        }
        known.put(pushed, what);
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

    /**
     * Takes note of a push to a stream, of so many bytes.
     *
     * @param labels the stream: those that are known, or without some of them
     */
    Verdict admit(Known what, Labels labels, long bytes, long nowNanos) {
        Limits limits = what.limits;
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
            Stream s = what.stream == null || what.stream.gone || !labels.equals(what.labels) ? null : what.stream;
            if (s == null) {
                s = stream(labels, most);
                if (s == null) {
                    return Verdict.TOO_MANY_STREAMS;
                }
                what.stream = labels.equals(what.labels) ? s : null;
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

    /** A stream, which is made if there may be another; null if not. */
    private @Nullable Stream stream(Labels labels, int most) {
        Stream s = streams.get(labels);
        if (s == null) {
            count(labels);
            if (most > 0 && streams.size() >= most) {
                return null;
            }
            if (most == 0 && streams.size() >= MAX_RATES) {
                forgetStreams();
            }
            s = new Stream();
            streams.put(labels, s);
        }
        return s;
    }

    private void forgetStreams() {
        streams.values().forEach(s -> s.gone = true);
        streams.clear();
    }

    private void beginGeneration(long nowNanos) {
        // streams of the last generation count until the end of this one
        streams.values().removeIf(s -> s.gone = s.generation != generation);
        known.clear();
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
                forgetStreams();
                values = new TreeMap<>();
            }
            return noisiest;
        } finally {
            lock.unlock();
        }
    }
}
