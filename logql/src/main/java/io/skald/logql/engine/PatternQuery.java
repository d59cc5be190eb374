/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.engine;

import io.skald.core.model.Labels;
import io.skald.core.model.StoreException;
import io.skald.core.pattern.ChunkPatterns;
import io.skald.core.pattern.PatternMiner;
import io.skald.core.scan.Direction;
import io.skald.core.scan.EntryCursor;
import io.skald.core.scan.EntryIdentity;
import io.skald.core.scan.LogSource;
import io.skald.core.scan.PatternScan;
import io.skald.core.scan.ScanRequest;
import io.skald.core.scan.StreamScan;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Brings together the patterns of all lines of a selector: those that were mined when lines were stored, and those of the lines that were
 * not. Workers take streams one by one; what they found is merged in the order of streams, so
 * that the answer does not depend on who was faster.
 */
final class PatternQuery {
    private static final int RUN_ENTRIES = 4096;

    /** Rows of an answer; the lines of the patterns beyond are counted as of none. */
    private static final int MAX_ROWS = 1000;

    /** Finished streams that may wait for one before them, which bounds the memory. */
    private static final int MAX_WAITING = 512;

    /** How long a reader that is so far ahead leaves its turn to the others. */
    private static final long PAUSE_NANOS = 200_000;

    private static final String UNKNOWN = "unknown";

    private final PatternRequest request;
    private final LogSource source;
    private final Workers workers;

    /** By level; guarded by itself, as are the next two. */
    private final Map<String, PatternMiner> merged = new TreeMap<>();

    private final TreeMap<Integer, Map<String, PatternMiner>> waiting = new TreeMap<>();
    private int nextToMerge;

    PatternQuery(PatternRequest request, LogSource source, Workers workers) {
        this.request = request;
        this.source = source;
        this.workers = workers;
    }

    PatternResult run() throws StoreException, InterruptedException {
        try (PatternScan scan = open()) {
            List<PatternScan.Stream> streams = scan.streams();
            AtomicInteger next = new AtomicInteger();
            Collection<Reader> readers = new ConcurrentLinkedQueue<>();
            try {
                workers.run(streams.size(), i -> {
                    Reader reader = new Reader(streams, next);
                    readers.add(reader);
                    return reader;
                });
            } finally {
                readers.forEach(Reader::close);
            }
            return new PatternResult(rows(), scan.stats(), scan.warnings());
        }
    }

    private PatternScan open() throws StoreException {
        if (request.stepNanos() >= ChunkPatterns.BUCKET_NANOS) {
            return source.patterns(request.matchers(), request.startNanos(), request.endNanos());
        }
        // what was mined is not counted that finely
        return PatternScan.ofLines(source.open(new ScanRequest(
                request.matchers(),
                request.startNanos(),
                request.endNanos(),
                Direction.FORWARD,
                ScanRequest.Columns.ALL,
                List.of())));
    }

    private List<PatternResult.Pattern> rows() {
        List<PatternResult.Pattern> rows = new ArrayList<>();
        merged.forEach((level, miner) -> {
            for (PatternMiner.Mined m : miner.mined()) {
                rows.add(new PatternResult.Pattern(m.pattern(), level, nanos(m.steps()), m.counts()));
            }
        });
        rows.sort(Comparator.comparingLong(PatternResult.Pattern::total).reversed());
        return rows.size() <= MAX_ROWS ? rows : folded(rows);
    }

    private long[] nanos(long[] steps) {
        long[] nanos = new long[steps.length];
        for (int i = 0; i < steps.length; i++) {
            nanos[i] = steps[i] * request.stepNanos();
        }
        return nanos;
    }

    /** The first rows, and the others as lines of no pattern. */
    private static List<PatternResult.Pattern> folded(List<PatternResult.Pattern> rows) {
        List<PatternResult.Pattern> out = new ArrayList<>();
        Map<String, TreeMap<Long, Long>> rest = new TreeMap<>();
        for (PatternResult.Pattern row : rows) {
            if (out.size() < MAX_ROWS && !row.pattern().equals(PatternMiner.ANYTHING)) {
                out.add(row);
                continue;
            }
            TreeMap<Long, Long> counts = rest.computeIfAbsent(row.level(), k -> new TreeMap<>());
            for (int i = 0; i < row.counts().length; i++) {
                counts.merge(row.stepNanos()[i], row.counts()[i], Long::sum);
            }
        }
        rest.forEach((level, counts) -> out.add(new PatternResult.Pattern(
                PatternMiner.ANYTHING,
                level,
                counts.keySet().stream().mapToLong(Long::longValue).toArray(),
                counts.values().stream().mapToLong(Long::longValue).toArray())));
        out.sort(Comparator.comparingLong(PatternResult.Pattern::total).reversed());
        return out;
    }

    private void publish(int ordinal, Map<String, PatternMiner> found) {
        synchronized (merged) {
            waiting.put(ordinal, found);
            while (!waiting.isEmpty() && waiting.firstKey() == nextToMerge) {
                nextToMerge++;
                waiting.pollFirstEntry()
                        .getValue()
                        .forEach((level, miner) -> merged.computeIfAbsent(level, k -> new PatternMiner())
                                .absorb(miner));
            }
        }
    }

    private boolean tooFarAhead(int ordinal) {
        synchronized (merged) {
            return ordinal > nextToMerge + MAX_WAITING;
        }
    }

    /** One worker's part. */
    private final class Reader implements Workers.Slice {
        private final List<PatternScan.Stream> streams;
        private final AtomicInteger nextStream;
        private Map<String, PatternMiner> found = new TreeMap<>();
        private final ArrayDeque<PatternScan.Mined> mined = new ArrayDeque<>();
        private final ArrayDeque<StreamScan> lines = new ArrayDeque<>();
        private @Nullable EntryCursor cursor;

        /** The stream that is read, or is to be read; -1 if none was taken. */
        private int ordinal = -1;

        /** Whether it is read. */
        private boolean began;

        /** Metadata and miner of the line before, which the next one often shares. */
        private @Nullable Labels lastMetadata;

        private @Nullable PatternMiner lastMiner;

        Reader(List<PatternScan.Stream> streams, AtomicInteger nextStream) {
            this.streams = streams;
            this.nextStream = nextStream;
        }

        @Override
        public boolean advance() throws StoreException {
            EntryCursor c = cursor;
            if (c != null) {
                read(c);
                return true;
            }
            if (!began) {
                return begin();
            }
            PatternScan.Mined known = mined.poll();
            if (known != null) {
                if (!known.addTo(this::miner, request.stepNanos())) {
                    lines.addAll(known.lines());
                }
                return true;
            }
            StreamScan next = lines.poll();
            if (next != null) {
                cursor = next.open();
                return true;
            }
            publish(ordinal, found);
            ordinal = -1;
            began = false;
            found = new TreeMap<>();
            lastMetadata = null;
            lastMiner = null;
            return true;
        }

        private boolean begin() {
            if (ordinal < 0) {
                ordinal = nextStream.getAndIncrement();
            }
            if (ordinal >= streams.size()) {
                return false;
            }
            if (tooFarAhead(ordinal)) {
                // not a wait: the one that this is ahead of may need the thread
                LockSupport.parkNanos(PAUSE_NANOS);
                return true;
            }
            began = true;
            mined.addAll(streams.get(ordinal).mined());
            lines.addAll(streams.get(ordinal).lines());
            return true;
        }

        private void read(EntryCursor c) throws StoreException {
            for (int i = 0; i < RUN_ENTRIES; i++) {
                if ((i & 255) == 255 && workers.stopped()) {
                    return;
                }
                if (!c.next()) {
                    close();
                    return;
                }
                long step = Math.floorDiv(c.timestampNanos(), request.stepNanos());
                miner(c.metadata()).add(c.buffer(), c.offset(), c.offset() + c.length(), step);
            }
        }

        private PatternMiner miner(Labels metadata) {
            PatternMiner known = lastMiner;
            if (known != null && metadata.equals(lastMetadata)) {
                return known;
            }
            PatternMiner miner = miner(metadata.getOrEmpty(EntryIdentity.DETECTED_LEVEL));
            lastMetadata = metadata;
            lastMiner = miner;
            return miner;
        }

        private PatternMiner miner(String level) {
            return found.computeIfAbsent(level.isEmpty() ? UNKNOWN : level, k -> new PatternMiner());
        }

        void close() {
            EntryCursor c = cursor;
            if (c != null) {
                cursor = null;
                c.close();
            }
        }
    }
}
