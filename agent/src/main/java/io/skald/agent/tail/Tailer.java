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
import java.util.LinkedHashMap;
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
    /** Until when every file is known, among the positions of sources. */
    public static final String CURSOR = "skald/files-known-until-millis";

    /** How long a file is looked at often after it has grown. */
    private static final long HOT_NANOS = TimeUnit.SECONDS.toNanos(3);

    private static final long POLL_MILLIS = 250;
    /** Every file is looked at once in so many polls, and in a quarter of them where the system does not tell of changes. */
    private static final int SLICES = 40;

    /** Where the system tells of changes, no more than this share of the time goes into looking for what it did not tell of. */
    private static final int SCAN_SHARE = 200;

    private static final long QUICK_SCAN_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final Supplier<List<Target>> targets;
    private final TailContext context;
    private final Collector collector;
    private final OpenFiles files;
    private final long scanNanos;
    private final Looked looked;
    private final RotatedFiles rotated;
    private final List<FileState> orphans = new ArrayList<>();
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
    /** After how long the first of those goes on that a stage lets wait. */
    private long pauseNanos = Long.MAX_VALUE;

    private long lastScan;
    private long scanTook;
    private boolean scanSoon = true;
    private List<FileTail> sliced = List.of();
    private int slice;
    private long lastSlice;
    private volatile boolean stopping;
    private volatile boolean killed;
    private volatile List<FileStatus> status = List.of();

    /** How a file stands, for people. */
    public record FileStatus(String job, String path, long read, long size, long lines) {}

    /**
     * @param targets what is to be followed now
     * @param known how far files were read
     * @param scanNanos how often targets are looked through for new files, besides being told of them
     * @param cursor what an earlier agent remembered as {@link #CURSOR}, or null
     */
    public Tailer(
            Supplier<List<Target>> targets,
            TailContext context,
            KnownFiles known,
            long scanNanos,
            @Nullable String cursor) {
        this.targets = targets;
        this.context = context;
        this.collector = context.collector();
        this.files = new OpenFiles(context, known);
        this.scanNanos = scanNanos;
        this.looked = new Looked(collector, cursor);
        this.rotated = new RotatedFiles(files, context);
    }

    /** Whether it is known, also to the next agent, which files there were at the start. Thread-safe. */
    public boolean hasLooked() {
        return looked.isDurable();
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
        looked.found(files.takeFound(), 0);
        long interval =
                watch.incomplete() ? Math.min(scanNanos, QUICK_SCAN_NANOS) : Math.max(scanNanos, SCAN_SHARE * scanTook);
        boolean due = lastScan == 0 || now - lastScan >= interval;
        // a scan takes long where there are many files: never more than a tenth of the time
        if (due || scanSoon && now - lastScan >= Math.max(TimeUnit.MILLISECONDS.toNanos(200), 10 * scanTook)) {
            long millis = System.currentTimeMillis();
            boolean whole = scan(now);
            looked.found(files.takeFound(), whole ? millis : 0);
        }
        for (Path p : watch.takeChanged()) {
            List<FileTail> at = files.at(p);
            at.forEach(FileTail::told);
            hot.addAll(at.isEmpty() ? rotated.readOn(p, present, now) : at);
        }
        addSlice(now);
        if (!readHot(now)) {
            wakeup.await(Math.min(POLL_MILLIS, 1 + TimeUnit.NANOSECONDS.toMillis(pauseNanos)));
        } else if (!collector.awaitRoom(TimeUnit.MILLISECONDS.toNanos(POLL_MILLIS))) {
            return;
        }
    }

    /** Some of the files that nothing was told of are looked at, too. */
    private void addSlice(long now) {
        if (now - lastSlice < TimeUnit.MILLISECONDS.toNanos(POLL_MILLIS)) {
            return;
        }
        lastSlice = now;
        int slices = watch.incomplete() ? SLICES / 4 : SLICES;
        slice = (slice + 1) % slices;
        for (int i = slice; i < sliced.size(); i += slices) {
            hot.add(sliced.get(i)); // who reads them sees whether they are still open
        }
    }

    /** Reads a piece of every file of which there may be news; returns whether there may be more at once. */
    private boolean readHot(long now) {
        boolean more = false;
        pauseNanos = Long.MAX_VALUE;
        Set<FileTail> still = new LinkedHashSet<>();
        Map<FileTail, Past> truncated = new LinkedHashMap<>();
        for (FileTail t : List.copyOf(hot)) {
            if (files.get(t.key()) != t) {
                continue;
            }
            collector.lock().lock();
            try {
                boolean full = collector.isFull();
                boolean read = !full && t.read(now);
                long pause = t.pauseNanos();
                if (pause > 0) {
                    pauseNanos = Math.min(pauseNanos, pause);
                    still.add(t);
                }
                Past p = t.takePast();
                if (p != null) {
                    files.know(p.state());
                    truncated.put(t, p);
                }
                if (full) {
                    t.identify();
                    still.add(t);
                    more = true;
                } else if (read) {
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
        truncated.forEach((t, past) -> truncated(t, past, now));
        return more || !truncated.isEmpty();
    }

    /** Who truncates a file often copies it before: what had not been read of it is read from the copy. */
    private void truncated(FileTail tail, Past past, long now) {
        hot.addAll(rotated.open(tail.target(), Path.of(tail.path()), present, looked.sinceMillis(), now));
        if (past.unreadBytes() > 0
                && files.all().stream()
                        .noneMatch(t -> t.generation() == past.state().generation())) {
            context.metrics().lostBytes.inc((double) past.unreadBytes());
            LOG.log(
                    System.Logger.Level.WARNING,
                    () -> past.unreadBytes() + " bytes of " + tail.path()
                            + " were truncated before they were read, and there is no copy of them");
        }
    }

    /** Opens what was just created, without looking through everything. */
    private void created(long now) {
        for (Path p : watch.takeCreated()) {
            if (Files.isDirectory(p)) {
                scanSoon = true;
                continue;
            }
            boolean isTarget = false;
            for (Target t : present) {
                if (t.matches(p)) {
                    isTarget = true;
                    scanSoon |= !found(t, p, now, null);
                }
            }
            scanSoon |= !isTarget; // what a target's file was renamed or copied to?
        }
    }

    /** Finds, after a restart, what was rotated before it was read to its end, or came and went while nobody looked. */
    private void findRotated() {
        long now = System.nanoTime();
        long millis = System.currentTimeMillis();
        boolean whole = scan(now);
        files.takeFound();
        looked.found(files.states(), whole ? millis : 0);
        orphans.addAll(rotated.withoutFile());
        deliverOrphans(now);
    }

    /** Lines that were kept back of a file that is gone, or was truncated: nothing will follow them any more. */
    private void deliverOrphans(long now) {
        orphans.removeIf(s -> {
            Target target = RotatedFiles.targetOf(s, present);
            if (target == null) {
                return false; // what it belongs to may be found later
            }
            collector.lock().lock();
            try (FileTail tail = new FileTail(target, context, s, Input.NONE, now)) {
                tail.deliverHeld();
                files.know(tail.state());
            } catch (IOException e) {
                files.failed(Path.of(s.path()), e);
            } finally {
                collector.lock().unlock();
            }
            return true;
        });
    }

    /** Looks for new files, and lets go of those that are gone and quiet. Returns whether all are open. */
    private boolean scan(long now) {
        present = targets.get();
        scanSoon = false;
        long began = System.currentTimeMillis();
        boolean whole = true;
        Set<FileState.Key> found = new LinkedHashSet<>();
        Set<Path> directories = new LinkedHashSet<>();
        Set<FileTail> older = hot;
        hot = new LinkedHashSet<>();
        Map<Path, Target> seen = new HashMap<>();
        for (Target t : present) {
            Set<Path> paths = new LinkedHashSet<>();
            t.globs().forEach(g -> g.find(paths, directories));
            for (Path p : paths) {
                Glob exclude = t.exclude();
                if (exclude == null || !exclude.matches(p)) {
                    seen.put(p, t);
                    boolean ok = found(t, p, now, found);
                    if (!ok) {
                        whole &= Files.exists(p) && !Files.isReadable(p);
                        LOG.log(System.Logger.Level.DEBUG, () -> "not open yet: " + p);
                    }
                }
            }
        }
        retargetGone(found, now);
        matched = found;
        ids.keySet().retainAll(seen.keySet());
        skipped.retainAll(seen.keySet());
        directories.forEach(watch::watch);
        watch.retain(directories);
        if (looked.isFirst() && lastScan == 0) {
            Looked.leaveOut(directories, seen, files::leaveOut);
        } else {
            // now that it is known what is there: a copy of it is not to be read too; what is older is read first
            older.addAll(rotated.look(directories, seen, present, looked.sinceMillis(), began, now));
            whole &= rotated.sawAll();
        }
        older.addAll(hot);
        hot = older;
        deliverOrphans(now);
        letGo(now);
        forget(now);
        status = files.status(now);
        sliced = List.copyOf(files.all());
        lastScan = now;
        scanTook = System.nanoTime() - now;
        return whole;
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
            FileTail open = files.get(key);
            if (open != null) {
                if (isReplaced(open, t, now)) {
                    retarget(open, t);
                }
                return true;
            }
            if (skipped.contains(path) && id.equals(before)) {
                return true;
            }
            boolean isKnown = files.isKnown(key);
            if (!isKnown && Siblings.isCompressed(path)) {
                skipped.add(path);
                context.metrics().skippedFiles.inc();
                LOG.log(System.Logger.Level.INFO, () -> "not followed, as it is compressed: " + path);
                return true;
            }
            FileTail tail = files.open(t, path, id, now);
            if (tail != null) {
                hot.add(tail);
            }
            return tail != null;
        } catch (NoSuchFileException e) {
            LOG.log(System.Logger.Level.DEBUG, () -> "gone since it was found: " + path);
        } catch (IOException e) {
            files.failed(path, e);
        }
        return false;
    }

    /** Whether a file that is open belongs to another target now. */
    private boolean isReplaced(FileTail open, Target t, long now) {
        if (t.equals(open.target()) || t.provisional()) {
            return false;
        }
        return open.isProvisional(now) || present.stream().noneMatch(p -> p.equals(open.target()));
    }

    private void retarget(FileTail tail, Target to) {
        collector.lock().lock();
        try {
            tail.retarget(to);
            hot.add(tail);
        } finally {
            collector.lock().unlock();
        }
    }

    /** A file may be gone before more is known of it. */
    private void retargetGone(Set<FileState.Key> found, long now) {
        for (FileTail tail : files.all()) {
            if (tail.isProvisional(now) && !found.contains(tail.key())) {
                present.stream()
                        .filter(t -> !t.provisional()
                                && t.job().equals(tail.target().job())
                                && t.matches(Path.of(tail.path())))
                        .findFirst()
                        .ifPresent(t -> retarget(tail, t));
            }
        }
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
