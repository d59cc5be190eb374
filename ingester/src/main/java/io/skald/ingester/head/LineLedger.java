/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.head;

import io.skald.core.block.ByteSink;
import io.skald.core.block.ByteSource;
import io.skald.core.block.Checksum;
import io.skald.core.disk.Disk;
import io.skald.core.disk.DurableFile;
import io.skald.core.model.StoreException.CorruptData;
import io.skald.core.model.TenantId;
import io.skald.core.wire.BlockPush.LineRange;
import io.skald.core.wire.HeldLines;
import io.skald.core.wire.HeldLines.Origin;
import io.skald.core.wire.recent.RecentAnswers;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Which lines of agents' files are durable here, so that what is missing between them can be told. Holds the last week, and at most so many
 * generations of files; what it forgets it says nothing of.
 *
 * <p>Kept in a file that is written whenever a WAL file is sealed; what came since is in WAL files that a restart reads. Thread-safe.
 */
public final class LineLedger {
    private static final System.Logger LOG = System.getLogger(LineLedger.class.getName());
    private static final int MAGIC = 0x534b4c4c; // "SKLL"
    private static final int VERSION = 1;
    private static final long KEPT_MILLIS = 7L * 24 * 3600 * 1000;
    private static final int MAX_ORIGINS = 50_000;
    /** How many incomplete ones are told of at once, those with the latest news. */
    private static final int MAX_TOLD = 10_000;

    private final Disk disk;
    private final Path file;
    private final ReentrantLock lock = new ReentrantLock();
    // guarded by lock
    private final Map<Origin, LineSpans> origins = new HashMap<>();

    private LineLedger(Disk disk, Path file) {
        this.disk = disk;
        this.file = file;
    }

    /** Reads the file; one that is damaged or of another version is reported, and nothing is known then. */
    public static LineLedger open(Disk disk, Path file) {
        LineLedger ledger = new LineLedger(disk, file);
        try {
            if (Files.exists(file)) {
                ledger.decode(Files.readAllBytes(file));
            }
        } catch (IOException | CorruptData | RuntimeException e) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "cannot use " + file + ": lines of files that are being read may be told missing that are not",
                    e);
            ledger.origins.clear();
        }
        return ledger;
    }

    /** Takes note of what a durable push says. */
    void add(TenantId tenant, String agent, List<LineRange> ranges, long nowMillis) {
        lock.lock();
        try {
            for (LineRange r : ranges) {
                Origin key = new Origin(agent, r.origin());
                LineSpans s = origins.get(key);
                if (s == null) {
                    if (origins.size() >= MAX_ORIGINS) {
                        forget(nowMillis);
                    }
                    s = new LineSpans();
                    origins.put(key, s);
                }
                s.add(tenant, r.first(), r.count(), r.missing(), nowMillis);
            }
        } finally {
            lock.unlock();
        }
    }

    /** Makes room: what is too old goes, and if that is not enough the tenth without news for longest. */
    private void forget(long nowMillis) {
        origins.values().removeIf(s -> nowMillis - s.lastMillis() > KEPT_MILLIS);
        int most = MAX_ORIGINS - MAX_ORIGINS / 10;
        if (origins.size() > most) {
            origins.entrySet().stream()
                    .sorted(Comparator.comparingLong(e -> e.getValue().lastMillis()))
                    .limit(origins.size() - most)
                    .map(Map.Entry::getKey)
                    .toList()
                    .forEach(origins::remove);
        }
    }

    /** What is known of generations of files; if none are given, of those that are incomplete. */
    List<HeldLines> lines(Collection<Origin> of) {
        lock.lock();
        try {
            List<HeldLines> found = new ArrayList<>();
            if (of.isEmpty()) {
                origins.entrySet().stream()
                        .filter(e -> e.getValue().isIncomplete())
                        .sorted(Comparator.comparingLong(e -> -e.getValue().lastMillis()))
                        .limit(MAX_TOLD)
                        .forEach(e -> found.add(e.getValue().held(e.getKey())));
            } else {
                for (Origin o : of) {
                    LineSpans s = origins.get(o);
                    if (s != null) {
                        found.add(s.held(o));
                    }
                }
            }
            return found;
        } finally {
            lock.unlock();
        }
    }

    /** Generations of files that are remembered. */
    public int size() {
        lock.lock();
        try {
            return origins.size();
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
        ByteSink out = new ByteSink(1024);
        lock.lock();
        try {
            origins.values().removeIf(s -> nowMillis - s.lastMillis() > KEPT_MILLIS);
            if (origins.isEmpty() && !Files.exists(file)) {
                return;
            }
            out.u32(MAGIC);
            out.u8(VERSION);
            List<HeldLines> all = new ArrayList<>(origins.size());
            origins.forEach((o, s) -> all.add(s.held(o)));
            ByteSink lines = RecentAnswers.lines(all);
            out.bytes(lines.array(), 0, lines.size());
        } finally {
            lock.unlock();
        }
        out.u32(Checksum.of(out.array(), 0, out.size()));
        DurableFile.write(disk, file, ByteBuffer.wrap(out.array(), 0, out.size()));
    }

    private void decode(byte[] bytes) throws CorruptData {
        String name = String.valueOf(file.getFileName());
        ByteSource in = new ByteSource(name, bytes, 0, Math.max(0, bytes.length - 4), 0);
        if (in.u32() != MAGIC || in.u8() != VERSION) {
            throw in.corrupt("wrong magic or version");
        }
        if (new ByteSource(name, bytes, bytes.length - 4, 4, 0).u32() != Checksum.of(bytes, 0, bytes.length - 4)) {
            throw in.corrupt("wrong checksum");
        }
        for (HeldLines h : RecentAnswers.lines(in)) {
            origins.put(h.origin(), LineSpans.of(h));
        }
    }
}
