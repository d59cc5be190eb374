/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.tail;

import io.skald.agent.collect.Collector;
import io.skald.agent.discover.FileId;
import io.skald.agent.discover.Glob;
import io.skald.agent.spool.FileState;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Follows the files of all targets: finds them, reads them through rotation and truncation, and lets go of those that are gone and quiet. Has a
 * thread of its own, to which everything here is confined but {@link #wake} and {@link #close}.
 */
public final class Tailer implements AutoCloseable {
    /** A file that no glob matches any more, because it was renamed or removed, is let go after so long without news. */
    static final long LET_GO_NANOS = TimeUnit.SECONDS.toNanos(10);
    /** What is known of a file that is gone is forgotten after so long. */
    static final long FORGET_NANOS = TimeUnit.HOURS.toNanos(26);

    private static final System.Logger LOG = System.getLogger(Tailer.class.getName());
    /** How long a file is looked at often after it has grown. */
    private static final long HOT_NANOS = TimeUnit.SECONDS.toNanos(3);

    private static final long POLL_MILLIS = 100;
    /** Every file is looked at once in so many polls. */
    private static final int SLICES = 20;

    private static final long QUICK_SCAN_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final Supplier<List<Target>> targets;
    private final TailContext context;
    private final Collector collector;
    private final OpenFiles files;
    private final long scanNanos;
    private final long lastRunMillis;
    private final Wakeup wakeup = new Wakeup();
    private final DirectoryWatch watch = new DirectoryWatch(wakeup::wake);
    private final Thread thread =
            Thread.ofPlatform().daemon().name("skald-agent-tail").unstarted(this::run);
    private final Map<Path, FileId> ids = new HashMap<>();
    private final Map<FileState.Key, Long> missingSince = new HashMap<>();
    private final Set<Path> skipped = new HashSet<>();
    private Set<FileState.Key> matched = Set.of();
    private List<Target> present = List.of();
    private Set<FileTail> hot = new LinkedHashSet<>();
    private long lastScan;
    private long lastScanMillis;
    private long scanTook;
    private boolean scanSoon = true;
    private int slice;
    private volatile boolean stopping;
    private volatile boolean killed;
    private volatile List<FileStatus> status = List.of();

    /** How a file stands, for people. */
    public record FileStatus(String job, String path, long read, long size, long lines) {}

    /**
     * @param targets what is to be followed now
     * @param known how far files were read
     * @param scanNanos how often targets are looked through for new files, besides being told of them
     * @param lastRunMillis until when the agent ran before, milliseconds since 1970; 0 if it never did
     */
    public Tailer(
            Supplier<List<Target>> targets, TailContext context, KnownFiles known, long scanNanos, long lastRunMillis) {
        this.targets = targets;
        this.context = context;
        this.collector = context.collector();
        this.files = new OpenFiles(context, known);
        this.scanNanos = scanNanos;
        this.lastRunMillis = lastRunMillis;
    }

    /** Begins to follow. */
    public void start() {
        thread.start();
    }

    /** Has targets looked through soon: they have changed. Thread-safe. */
    public void wake() {
        wakeup.scan();
    }

    /** How the files stand, not older than a few seconds. Thread-safe. */
    public List<FileStatus> status() {
        return status;
    }

    private void run() {
        try {
            findRotated();
            while (!stopping) {
                round(System.nanoTime());
            }
            if (!killed) {
                scan(System.nanoTime());
                hot.addAll(files.all());
                long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(1);
                while (System.nanoTime() < end && readHot(System.nanoTime())) {
                    if (!collector.awaitRoom(POLL_MILLIS * 1_000_000)) {
                        break;
                    }
                }
            }
        } catch (InterruptedException e) {
            LOG.log(System.Logger.Level.DEBUG, "interrupted");
        } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.ERROR, "the agent's tail thread has died; what is read is safe", e);
        } finally {
            files.closeAll();
        }
    }

    private void round(long now) throws InterruptedException {
        if (wakeup.takeScan() || watch.takeOverflowed()) {
            scanSoon = true;
        }
        created(now);
        long interval = watch.incomplete() ? Math.min(scanNanos, QUICK_SCAN_NANOS) : scanNanos;
        boolean due = lastScan == 0 || now - lastScan >= interval;
        // a scan takes long where there are many files: never more than a tenth of the time
        if (due || scanSoon && now - lastScan >= Math.max(TimeUnit.MILLISECONDS.toNanos(200), 10 * scanTook)) {
            scan(now);
        }
        for (Path p : watch.takeChanged()) {
            hot.addAll(files.at(p));
        }
        addSlice();
        if (!readHot(now)) {
            wakeup.await(POLL_MILLIS);
        } else if (!collector.awaitRoom(TimeUnit.MILLISECONDS.toNanos(POLL_MILLIS))) {
            return;
        }
    }

    /** Some of the files that nothing was told of are looked at, too. */
    private void addSlice() {
        slice = (slice + 1) % SLICES;
        int i = 0;
        for (FileTail t : files.all()) {
            if (i++ % SLICES == slice) {
                hot.add(t);
            }
        }
    }

    /** Reads a piece of every file of which there may be news; returns whether there may be more at once. */
    private boolean readHot(long now) {
        boolean more = false;
        Set<FileTail> still = new LinkedHashSet<>();
        for (FileTail t : List.copyOf(hot)) {
            if (files.get(t.key()) != t) {
                continue;
            }
            collector.lock().lock();
            try {
                if (collector.isFull()) {
                    still.add(t);
                    more = true;
                } else if (t.read(now)) {
                    more = true;
                    still.add(t);
                } else if (now - t.lastChangeNanos() < HOT_NANOS || t.isWaiting()) {
                    still.add(t);
                }
            } catch (IOException e) {
                files.failed(Path.of(t.path()), e);
            } finally {
                collector.lock().unlock();
            }
        }
        hot = still;
        return more;
    }

    /** Opens what was just created, without looking through everything. */
    private void created(long now) {
        for (Path p : watch.takeCreated()) {
            if (Files.isDirectory(p)) {
                scanSoon = true;
                continue;
            }
            for (Target t : present) {
                if (matches(t, p)) {
                    scanSoon |= !found(t, p, now, null);
                }
            }
        }
    }

    private static boolean matches(Target t, Path p) {
        Glob exclude = t.exclude();
        return t.globs().stream().anyMatch(g -> g.matches(p)) && (exclude == null || !exclude.matches(p));
    }

    /** Finds, after a restart, what was rotated before it was read to its end, or came and went while nobody looked. */
    private void findRotated() {
        long now = System.nanoTime();
        scan(now);
        for (FileState state : List.copyOf(files.states())) {
            if (files.get(state.key()) != null) {
                continue;
            }
            Target target = targetOf(state);
            Path path = Path.of(state.path());
            if (target != null) {
                rotated(target, path, now, lastRunMillis);
            }
        }
    }

    private @Nullable Target targetOf(FileState state) {
        for (Target t : present) {
            if (t.job().name().equals(state.job()) && matches(t, Path.of(state.path()))) {
                return t;
            }
        }
        return null;
    }

    /** Looks for new files, and lets go of those that are gone and quiet. */
    void scan(long now) {
        present = targets.get();
        scanSoon = false;
        long millis = System.currentTimeMillis();
        Set<FileState.Key> found = new LinkedHashSet<>();
        Set<Path> directories = new LinkedHashSet<>();
        Set<Path> seen = new HashSet<>();
        for (Target t : present) {
            Set<Path> paths = new LinkedHashSet<>();
            t.globs().forEach(g -> g.find(paths, directories));
            for (Path p : paths) {
                if (t.exclude() == null || !matchesExclude(t, p)) {
                    seen.add(p);
                    boolean ok = found(t, p, now, found);
                    if (!ok) {
                        LOG.log(System.Logger.Level.DEBUG, () -> "not open yet: " + p);
                    }
                }
            }
        }
        matched = found;
        ids.keySet().retainAll(seen);
        skipped.retainAll(seen);
        directories.forEach(watch::watch);
        watch.retain(directories);
        letGo(now);
        forget(now);
        publish(now);
        lastScan = now;
        lastScanMillis = millis;
        scanTook = System.nanoTime() - now;
    }

    private static boolean matchesExclude(Target t, Path p) {
        Glob exclude = t.exclude();
        return exclude != null && exclude.matches(p);
    }

    /** Opens a file of a target if it is not; returns whether it is open now. */
    private boolean found(Target t, Path path, long now, @Nullable Set<FileState.Key> into) {
        try {
            FileId id = FileId.of(path);
            FileState.Key key = new FileState.Key(t.job().name(), id);
            if (into != null) {
                into.add(key);
            }
            FileId before = ids.put(path, id);
            FileTail present = files.get(key);
            if (present != null && (t.provisional() || !present.isProvisional(now))) {
                return true;
            }
            if (present != null) {
                files.close(present); // now it is known what it is; nothing of it was read
            }
            if (skipped.contains(path) && id.equals(before)) {
                return true;
            }
            boolean isKnown = files.isKnown(key);
            if (!isKnown && isCompressed(path)) {
                skipped.add(path);
                context.metrics().skippedFiles.inc();
                LOG.log(System.Logger.Level.INFO, () -> "not followed, as it is compressed: " + path);
                return true;
            }
            if (before != null && !before.equals(id)
                    || before == null && !isKnown && lastRunMillis > 0 && lastScan == 0) {
                rotated(t, path, now, lastScan == 0 ? lastRunMillis : lastScanMillis);
            }
            FileTail tail = files.open(t, path, id, path.toString(), now);
            if (tail != null) {
                hot.add(tail);
            }
            return tail != null;
        } catch (NoSuchFileException e) {
            LOG.log(System.Logger.Level.DEBUG, () -> "gone since it was found: " + path);
            if (ids.containsKey(path)) {
                rotated(t, path, now, lastScanMillis);
            }
        } catch (IOException e) {
            files.failed(path, e);
        }
        return false;
    }

    /**
     * Opens what has been at a path and was renamed out of the globs before it was read: files that are known by their inode, compressed ones by what
     * they begin with, and such as are younger than the last look.
     */
    private void rotated(Target t, Path path, long now, long sinceMillis) {
        List<FileState> states = files.states().stream()
                .filter(s -> s.job().equals(t.job().name()) && s.path().equals(path.toString()))
                .toList();
        if (states.isEmpty() && sinceMillis == 0) {
            return; // what lies there from before the agent's time is not its business
        }
        for (Siblings.Sibling s : Siblings.of(path)) {
            FileState.Key key = new FileState.Key(t.job().name(), s.id());
            if (files.get(key) != null || matchedElsewhere(s.path())) {
                continue;
            }
            try {
                if (s.gzip()) {
                    FileState state = Siblings.stateOf(s.path(), states);
                    if (state != null && files.get(state.key()) == null) {
                        files.openCompressed(t, s.path(), state, now);
                        addIfOpen(state.key());
                    } else if (state == null && s.born() >= sinceMillis && !files.isKnown(key) && !states.isEmpty()) {
                        files.openCompressed(
                                t,
                                s.path(),
                                FileState.unread(key.job(), s.id(), path.toString(), context.newGeneration()),
                                now);
                        addIfOpen(key);
                    }
                } else if (files.isKnown(key) || s.born() >= sinceMillis) {
                    FileTail tail = files.open(t, s.path(), s.id(), path.toString(), now);
                    if (tail != null) {
                        hot.add(tail);
                    }
                }
            } catch (IOException e) {
                files.failed(s.path(), e);
            }
        }
    }

    private void addIfOpen(FileState.Key key) {
        FileTail tail = files.get(key);
        if (tail != null) {
            hot.add(tail);
        }
    }

    private boolean matchedElsewhere(Path p) {
        return present.stream().anyMatch(t -> matches(t, p));
    }

    /** Rotation compresses, and the bytes of such a file are no lines. */
    private static boolean isCompressed(Path path) throws IOException {
        byte[] b = new byte[4];
        try (var in = Files.newInputStream(path)) {
            int n = in.read(b);
            if (n < 4) {
                return false;
            }
        }
        int magic = (b[0] & 0xff) << 24 | (b[1] & 0xff) << 16 | (b[2] & 0xff) << 8 | b[3] & 0xff;
        return magic >>> 16 == 0x1f8b // gzip
                || magic == 0x28b52ffd // zstd
                || magic >>> 8 == 0x425a68 // bzip2
                || magic == 0xfd377a58; // xz
    }

    private void letGo(long now) {
        for (FileTail tail : List.copyOf(files.all())) {
            if (matched.contains(tail.key())) {
                missingSince.remove(tail.key());
                continue;
            }
            long since = missingSince.computeIfAbsent(tail.key(), id -> now);
            collector.lock().lock();
            try {
                boolean quiet = now - Math.max(since, tail.lastChangeNanos()) >= LET_GO_NANOS;
                if (quiet && tail.lagBytes() == 0 && !collector.isFull()) {
                    tail.flush(Long.MAX_VALUE, true);
                    files.close(tail);
                }
            } catch (IOException e) {
                files.failed(Path.of(tail.path()), e);
            } finally {
                collector.lock().unlock();
            }
        }
    }

    private void forget(long now) {
        List<FileState.Key> gone = new ArrayList<>();
        for (FileState state : files.states()) {
            FileState.Key key = state.key();
            if (files.get(key) == null
                    && !matched.contains(key)
                    && now - missingSince.computeIfAbsent(key, x -> now) >= FORGET_NANOS) {
                gone.add(key);
            }
        }
        if (!gone.isEmpty()) {
            collector.lock().lock();
            try {
                gone.forEach(collector::forget);
            } finally {
                collector.lock().unlock();
            }
            gone.forEach(files::forget);
            gone.forEach(missingSince::remove);
        }
    }

    private void publish(long now) {
        List<FileStatus> all = new ArrayList<>();
        long lag = 0;
        long oldest = now;
        for (FileTail t : files.all()) {
            try {
                long behind = t.lagBytes();
                lag += behind;
                if (behind > 0) {
                    oldest = Math.min(oldest, t.lastChangeNanos());
                }
                all.add(new FileStatus(t.target().job().name(), t.path(), t.offset(), t.offset() + behind, t.lines()));
            } catch (IOException e) {
                files.failed(Path.of(t.path()), e);
            }
        }
        status = all;
        context.metrics().lagBytes.set((double) lag);
        context.metrics().lagSeconds.set((now - oldest) / 1e9);
    }

    /** Reads what is there for up to a second, and ends. Idempotent. */
    @Override
    public void close() {
        stop(false);
    }

    /** Ends as a killed process does. */
    public void kill() {
        stop(true);
    }

    private void stop(boolean kill) {
        killed |= kill;
        stopping = true;
        wakeup.wake();
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true; // it ends within seconds, and what it needs must not be closed before
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        watch.close();
    }
}
