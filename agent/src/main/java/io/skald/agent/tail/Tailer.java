/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.tail;

import io.skald.agent.discover.FileId;
import io.skald.agent.discover.Glob;
import io.skald.agent.spool.FileState;
import io.skald.agent.spool.Outbox;
import io.skald.core.model.Labels;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Follows the files that some globs match. A file keeps its identity through renames: the old generation of a rotated file is read to its
 * end and let go after it has been quiet for a while, while the new one is read from its beginning. Confined to the tail thread.
 */
public final class Tailer implements AutoCloseable {
    /** How long a file that no glob leads to any more must have been quiet: its writer may not have noticed the rotation. */
    static final long LET_GO_NANOS = 10_000_000_000L;
    /** After this a file that is gone is forgotten; would it come back it were new. */
    static final long FORGET_NANOS = 24L * 3600 * 1_000_000_000;
    /** Most files that are open at once; the others wait, which is logged. */
    static final int MAX_OPEN_FILES = 8192;

    private static final System.Logger LOG = System.getLogger(Tailer.class.getName());

    private final List<Glob> globs;
    private final Outbox outbox;
    private final BatchBuilder batch;
    private final Labels base;
    private final TailMetrics metrics;
    private final Map<FileId, FileTail> open = new LinkedHashMap<>();
    private final Map<FileId, Long> missingSince = new HashMap<>();
    private final Map<FileId, List<Labels>> streamsOf = new HashMap<>();
    private final Map<Path, FileId> compressed = new HashMap<>();
    private final Set<Path> unreadable = new HashSet<>();
    private Set<FileId> matched = Set.of();
    private boolean toldOfTooMany;

    public Tailer(List<Glob> globs, Outbox outbox, BatchBuilder batch, Labels base, TailMetrics metrics) {
        this.globs = List.copyOf(globs);
        this.outbox = outbox;
        this.batch = batch;
        this.base = base;
        this.metrics = metrics;
    }

    /** Finds, after a restart, the files that were renamed out of the globs before they were read to their ends. Once, before any scan. */
    public void findRotated(long nowNanos) {
        scan(nowNanos);
        for (FileState state : outbox.files()) {
            if (open.containsKey(state.id())) {
                continue;
            }
            Path directory = Path.of(state.path()).getParent();
            for (Path file : Glob.withId(directory == null ? Path.of("") : directory, state.id())) {
                open(file, state.id(), nowNanos);
            }
        }
    }

    /** Looks for new files, and lets go of those that are gone and quiet. */
    public void scan(long nowNanos) {
        Set<Path> paths = new LinkedHashSet<>();
        globs.forEach(g -> g.find(paths));
        Set<FileId> found = new LinkedHashSet<>();
        for (Path path : paths) {
            try {
                FileId id = FileId.of(path);
                found.add(id);
                if (!open.containsKey(id) && !id.equals(compressed.get(path))) {
                    open(path, id, nowNanos);
                }
            } catch (NoSuchFileException e) {
                LOG.log(System.Logger.Level.DEBUG, () -> "gone since it was found: " + path);
            } catch (IOException e) {
                failed(path, e);
            }
        }
        matched = found;
        compressed.keySet().retainAll(paths);
        unreadable.retainAll(paths);
        letGo(nowNanos);
        forget(nowNanos);
        metrics.openFiles.set(open.size());
    }

    private void open(Path path, FileId id, long nowNanos) {
        if (open.size() >= MAX_OPEN_FILES) {
            if (!toldOfTooMany) {
                toldOfTooMany = true;
                LOG.log(
                        System.Logger.Level.WARNING,
                        () -> MAX_OPEN_FILES + " files are open; " + path + " and others wait");
            }
            return;
        }
        try {
            FileState known = outbox.file(id);
            if (known == null && isCompressed(path)) {
                compressed.put(path, id);
                metrics.skippedFiles.inc();
                LOG.log(System.Logger.Level.INFO, () -> "not followed, as it is compressed: " + path);
                return;
            }
            FileState unread = FileState.unread(id, path.toString());
            FileTail tail = FileTail.open(path, known == null ? unread : known, base, metrics, nowNanos);
            if (tail != null && known != null && !tail.isTheSame()) {
                // the inode of a file that is gone was given to this one
                tail.close();
                tail = FileTail.open(path, unread, base, metrics, nowNanos);
            }
            if (tail != null) {
                open.put(id, tail);
                unreadable.remove(path);
            }
        } catch (NoSuchFileException e) {
            LOG.log(System.Logger.Level.DEBUG, () -> "gone since it was found: " + path);
        } catch (IOException e) {
            failed(path, e);
        }
    }

    /** Rotation compresses, and the bytes of such a file are no lines. */
    private static boolean isCompressed(Path path) throws IOException {
        ByteBuffer b = ByteBuffer.allocate(4);
        try (FileChannel in = FileChannel.open(path, StandardOpenOption.READ)) {
            in.read(b);
        }
        int magic = b.getInt(0);
        return magic >>> 16 == 0x1f8b // gzip
                || magic == 0x28b52ffd // zstd
                || magic >>> 8 == 0x425a68 // bzip2
                || magic == 0xfd377a58; // xz
    }

    private void letGo(long nowNanos) {
        for (Iterator<FileTail> i = open.values().iterator(); i.hasNext(); ) {
            FileTail tail = i.next();
            if (matched.contains(tail.id())) {
                missingSince.remove(tail.id());
                continue;
            }
            long since = missingSince.computeIfAbsent(tail.id(), id -> nowNanos);
            try {
                boolean quiet = nowNanos - Math.max(since, tail.lastChangeNanos()) >= LET_GO_NANOS;
                if (quiet && tail.lagBytes() == 0 && !batch.isFull()) {
                    tail.giveUpPartials(batch);
                    i.remove();
                    streamsOf.put(tail.id(), tail.streams());
                    tail.close();
                    LOG.log(System.Logger.Level.DEBUG, () -> "let go: " + tail.path());
                }
            } catch (IOException e) {
                failed(Path.of(tail.path()), e);
            }
        }
    }

    private void forget(long nowNanos) {
        List<FileId> gone = new ArrayList<>();
        List<Labels> streams = new ArrayList<>();
        for (FileState state : outbox.files()) {
            FileId id = state.id();
            if (open.containsKey(id) || matched.contains(id)) {
                continue;
            }
            if (nowNanos - missingSince.computeIfAbsent(id, x -> nowNanos) >= FORGET_NANOS) {
                gone.add(id);
                missingSince.remove(id);
                List<Labels> its = streamsOf.remove(id);
                if (its != null
                        && open.values().stream().noneMatch(t -> t.path().equals(state.path()))) {
                    streams.addAll(its);
                }
            }
        }
        streams.forEach(batch::forget);
        outbox.forget(gone, streams);
    }

    /**
     * Reads a piece of every file, until the batch is full.
     *
     * @return whether there may be more to read at once
     */
    public boolean read(long nowNanos) {
        boolean more = false;
        long lag = 0;
        for (FileTail tail : new ArrayList<>(open.values())) {
            if (batch.isFull()) {
                return true;
            }
            try {
                if (tail.read(batch, nowNanos)) {
                    more = true;
                    // the next round begins with the others
                    open.remove(tail.id());
                    open.put(tail.id(), tail);
                }
                lag += tail.lagBytes();
            } catch (IOException e) {
                failed(Path.of(tail.path()), e);
            }
        }
        metrics.lagBytes.set((double) lag);
        return more;
    }

    private void failed(Path path, IOException e) {
        metrics.readErrors.inc();
        boolean told = !unreadable.add(path);
        LOG.log(
                told ? System.Logger.Level.DEBUG : System.Logger.Level.WARNING,
                () -> "cannot read " + path + ", will try again: " + e);
    }

    @Override
    public void close() {
        for (FileTail tail : open.values()) {
            try {
                tail.close();
            } catch (IOException e) {
                LOG.log(System.Logger.Level.WARNING, () -> "closing " + tail.path() + ": " + e);
            }
        }
        open.clear();
    }
}
