/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.head;

import io.skald.core.block.Checksum;
import io.skald.core.disk.Disk;
import io.skald.core.disk.DurableFile;
import io.skald.core.model.TenantId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Which native pushes are durable here, so that a repeat is acknowledged and not stored again. For each epoch of each agent it holds ranges
 * of sequence numbers (mostly one) and the checksums of the last. What it forgets, by age or for room, is at worst stored twice, and equal
 * entries collapse when they are read.
 *
 * <p>Kept in a file that is written whenever a WAL file is sealed; what came since is in WAL files that a restart reads. Thread-safe.
 */
public final class SeenPushes {
    private static final System.Logger LOG = System.getLogger(SeenPushes.class.getName());
    private static final int MAGIC = 0x534b5345; // "SKSE"
    private static final int VERSION = 1;
    /** How old what waits at an agent may be. */
    private static final long KEPT_MILLIS = 7L * 24 * 3600 * 1000;

    private static final int MAX_EPOCHS = 50_000;
    private static final int MAX_RANGES = 4096;
    private static final int CHECKSUMS = 256;

    /** What is known of a push. */
    public enum State {
        /** It was never seen. It counts as being stored until {@link #done}. */
        NEW,
        /** It is durable. */
        SEEN,
        /** One with its number is durable, and had other bytes. */
        CHANGED,
        /** It, or one with its number, is being stored now. */
        BUSY
    }

    private record Key(TenantId tenant, String agent, long epoch) {}

    private record Numbered(Key key, long sequence) {}

    private static final class Epoch {
        /** First and last of each range of sequence numbers. */
        private final TreeMap<Long, Long> ranges = new TreeMap<>();

        private final long[] sequences = new long[CHECKSUMS];
        private final int[] checksums = new int[CHECKSUMS];
        private long lastMillis;

        private boolean has(long sequence) {
            Map.Entry<Long, Long> e = ranges.floorEntry(sequence);
            return e != null && e.getValue() >= sequence;
        }

        private void add(long sequence) {
            if (has(sequence)) {
                return;
            }
            long from = sequence;
            long to = sequence;
            Map.Entry<Long, Long> before = ranges.floorEntry(sequence);
            if (before != null && before.getValue() == sequence - 1) {
                from = before.getKey();
            }
            Long after = ranges.remove(sequence + 1);
            if (after != null) {
                to = after;
            }
            ranges.put(from, to);
            if (ranges.size() > MAX_RANGES) {
                ranges.pollFirstEntry();
            }
        }
    }

    private final Disk disk;
    private final Path file;
    private final ReentrantLock lock = new ReentrantLock();
    // guarded by lock
    private final Map<Key, Epoch> epochs = new HashMap<>();
    private final Set<Numbered> busy = new HashSet<>();

    private SeenPushes(Disk disk, Path file) {
        this.disk = disk;
        this.file = file;
    }

    /** Reads the file; one that is damaged or of another version is reported, and nothing is known then. */
    public static SeenPushes open(Disk disk, Path file) {
        SeenPushes seen = new SeenPushes(disk, file);
        try {
            if (Files.exists(file)) {
                seen.decode(Files.readAllBytes(file));
            }
        } catch (IOException | RuntimeException e) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "cannot use " + file + ": repeats of native pushes may be stored again",
                    e);
            seen.epochs.clear();
        }
        return seen;
    }

    /** Asks about a push, and takes note that it is being stored if it is {@link State#NEW} or {@link State#CHANGED}. */
    public State begin(PushId id) {
        Key key = new Key(id.tenant(), id.agent(), id.epoch());
        lock.lock();
        try {
            Epoch e = epochs.get(key);
            boolean changed = false;
            if (e != null && e.has(id.sequence())) {
                int place = (int) (id.sequence() % CHECKSUMS);
                changed = e.sequences[place] == id.sequence() && e.checksums[place] != id.checksum();
                if (!changed) {
                    return State.SEEN;
                }
            }
            if (!busy.add(new Numbered(key, id.sequence()))) {
                return State.BUSY;
            }
            return changed ? State.CHANGED : State.NEW;
        } finally {
            lock.unlock();
        }
    }

    /** Ends what {@link #begin} began, whatever became of it. */
    public void done(PushId id) {
        lock.lock();
        try {
            busy.remove(new Numbered(new Key(id.tenant(), id.agent(), id.epoch()), id.sequence()));
        } finally {
            lock.unlock();
        }
    }

    /** Takes note that a push is durable. */
    void add(PushId id, long nowMillis) {
        lock.lock();
        try {
            Key key = new Key(id.tenant(), id.agent(), id.epoch());
            Epoch e = epochs.get(key);
            if (e == null) {
                if (epochs.size() >= MAX_EPOCHS) {
                    forgetOldest();
                }
                e = new Epoch();
                epochs.put(key, e);
            }
            e.add(id.sequence());
            int place = (int) (id.sequence() % CHECKSUMS);
            e.sequences[place] = id.sequence();
            e.checksums[place] = id.checksum();
            e.lastMillis = Math.max(e.lastMillis, nowMillis);
        } finally {
            lock.unlock();
        }
    }

    private void forgetOldest() {
        Key oldest = null;
        long least = Long.MAX_VALUE;
        for (Map.Entry<Key, Epoch> e : epochs.entrySet()) {
            if (e.getValue().lastMillis < least) {
                least = e.getValue().lastMillis;
                oldest = e.getKey();
            }
        }
        epochs.remove(oldest);
    }

    /** Epochs that are remembered. */
    public int size() {
        lock.lock();
        try {
            return epochs.size();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Writes the file.
     *
     * @throws IOException if it cannot be written; the one before is still there then
     */
    void save(long nowMillis) throws IOException {
        byte[] bytes = encode(nowMillis);
        if (bytes == null) {
            return;
        }
        DurableFile.write(disk, file, ByteBuffer.wrap(bytes));
    }

    /** The bytes of the file; null when there is nothing to keep and no file. */
    private byte @Nullable [] encode(long nowMillis) {
        PayloadWriter out = new PayloadWriter(1024);
        lock.lock();
        try {
            epochs.values().removeIf(e -> nowMillis - e.lastMillis > KEPT_MILLIS);
            if (epochs.isEmpty() && !Files.exists(file)) {
                return null;
            }
            out.i32(MAGIC);
            out.i32(VERSION);
            out.varint(epochs.size());
            epochs.forEach((key, e) -> {
                out.string(key.tenant.value());
                out.string(key.agent);
                out.varint(key.epoch);
                out.varint(e.lastMillis);
                out.varint(e.ranges.size());
                e.ranges.forEach((from, to) -> {
                    out.varint(from);
                    out.varint(to - from);
                });
                long known = Arrays.stream(e.sequences).filter(s -> s != 0).count();
                out.varint(known);
                for (int i = 0; i < CHECKSUMS; i++) {
                    if (e.sequences[i] != 0) {
                        out.varint(e.sequences[i]);
                        out.i32(e.checksums[i]);
                    }
                }
            });
        } finally {
            lock.unlock();
        }
        out.i32(Checksum.of(out.array(), 0, out.size()));
        return Arrays.copyOf(out.array(), out.size());
    }

    private void decode(byte[] bytes) {
        PayloadReader in = new PayloadReader(bytes, 0, bytes.length);
        if (in.i32() != MAGIC || in.i32() != VERSION) {
            throw new IllegalArgumentException("wrong magic or version");
        }
        PayloadReader check = new PayloadReader(bytes, bytes.length - 4, bytes.length);
        if (check.i32() != Checksum.of(bytes, 0, bytes.length - 4)) {
            throw new IllegalArgumentException("wrong checksum");
        }
        int n = in.count(MAX_EPOCHS);
        for (int i = 0; i < n; i++) {
            Key key = new Key(in.tenant(), in.string(), in.varint());
            Epoch e = new Epoch();
            e.lastMillis = in.varint();
            int ranges = in.count(MAX_RANGES);
            for (int r = 0; r < ranges; r++) {
                long from = in.varint();
                e.ranges.put(from, from + in.varint());
            }
            int known = in.count(CHECKSUMS);
            for (int k = 0; k < known; k++) {
                long sequence = in.varint();
                int place = (int) (sequence % CHECKSUMS);
                e.sequences[place] = sequence;
                e.checksums[place] = in.i32();
            }
            epochs.put(key, e);
        }
    }
}
