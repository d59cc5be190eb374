/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.tail;

import io.skald.agent.discover.FileId;
import io.skald.agent.spool.FileState;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The files that are open, and what is known of those that were. Confined to the tail thread. */
final class OpenFiles {
    /** So many files are followed at once; the others wait, which is logged. */
    static final int MAX_OPEN_FILES = 30_000;

    private static final System.Logger LOG = System.getLogger(OpenFiles.class.getName());

    private final TailContext context;
    private final Map<String, Long> offsets;
    private final Map<FileState.Key, FileState> known = new HashMap<>();
    private final Map<FileState.Key, FileTail> open = new LinkedHashMap<>();
    private final Map<Path, List<FileTail>> byPath = new HashMap<>();
    private final Map<FileTail, List<Path>> pathsOf = new HashMap<>();
    private final Set<Path> unreadable = new HashSet<>();
    private final Set<String> jobs = new HashSet<>();
    private final Map<String, List<FileState.Key>> keysOfPaths = new HashMap<>();
    private List<FileState> past = new ArrayList<>();
    private List<FileTail> opened = new ArrayList<>();
    private boolean toldOfTooMany;

    OpenFiles(TailContext context, KnownFiles known) {
        this.context = context;
        this.offsets = new HashMap<>(known.offsets());
        known.states().forEach(this::put);
    }

    Collection<FileTail> all() {
        return open.values();
    }

    @Nullable
    FileTail get(FileState.Key key) {
        return open.get(key);
    }

    /** The tails of a file by the path under which it was found, or that which leads there without links. */
    List<FileTail> at(Path path) {
        return byPath.getOrDefault(path, List.of());
    }

    boolean isKnown(FileState.Key key) {
        return known.containsKey(key);
    }

    Collection<FileState> states() {
        return known.values();
    }

    @Nullable
    FileState state(FileState.Key key) {
        return known.get(key);
    }

    /** What is known of a file for each of its jobs. */
    List<FileState> ofFile(FileId id) {
        return jobs.stream()
                .flatMap(job -> Stream.ofNullable(known.get(new FileState.Key(job, id))))
                .toList();
    }

    /** What is known, as it is now, of content that was found at a path. */
    List<FileState> ofPath(String job, String path) {
        List<FileState> states = new ArrayList<>();
        for (FileState.Key key : keysOfPaths.getOrDefault(path, List.of())) {
            FileState s = known.get(key);
            if (s != null && key.job().equals(job)) {
                FileTail tail = open.get(key);
                states.add(tail == null ? s : tail.state());
            }
        }
        return states;
    }

    /** What was opened since the last call, and what gave way to it. */
    List<FileState> takeFound() {
        List<FileState> taken = past;
        opened.forEach(t -> taken.add(t.state()));
        opened = new ArrayList<>();
        past = new ArrayList<>();
        return taken;
    }

    /** Takes a file for read, unless more is known of it. */
    void leaveOut(FileState state) {
        if (!known.containsKey(state.key())) {
            know(state);
        }
    }

    /** How far something was read. What was known of another content with the same inode is kept apart: a copy of it may be found. */
    void know(FileState state) {
        FileState before = put(state);
        if (before != null && before.generation() != state.generation() && before.fingerprintLength() > 0) {
            FileState p = before.past();
            FileState more = known.get(p.key());
            if (more == null || more.offset() < p.offset()) {
                put(p);
                past.add(p);
            }
        }
    }

    private @Nullable FileState put(FileState state) {
        FileState before = known.put(state.key(), state);
        jobs.add(state.job());
        if (before != null && !before.path().equals(state.path())) {
            forgetPath(before);
        }
        keysOfPaths.merge(state.path(), List.of(state.key()), OpenFiles::both);
        return before;
    }

    private void forgetPath(FileState state) {
        keysOfPaths.computeIfPresent(state.path(), (path, keys) -> without(keys, state.key()));
    }

    /** Says that lines which a state keeps back are kept with another one now, that of the same content in another file. */
    void foundElsewhere(FileState state) {
        FileState without = state.withoutHeld();
        put(without);
        past.add(without);
    }

    void forget(FileState.Key key) {
        FileState gone = known.remove(key);
        if (gone != null) {
            forgetPath(gone);
        }
    }

    /**
     * Opens a file to read on where it was left, or from its beginning.
     *
     * @return null if it is gone, cannot be read, or there are too many; it will be tried again
     */
    @Nullable
    FileTail open(Target target, Path path, FileId id, long nowNanos) {
        FileState.Key key = new FileState.Key(target.job().name(), id);
        FileState before = known.get(key);
        String name = path.toString();
        boolean isNew = before == null || before.offset() == 0 && !before.path().equals(name);
        return open(
                target,
                path,
                before == null || isNew ? FileState.unread(key.job(), id, name, context.newGeneration()) : before,
                name,
                nowNanos);
    }

    /**
     * Opens a file that is not at its path any more, to read on as a state says.
     *
     * @return null also if its content is not that of the state
     */
    @Nullable
    FileTail open(Target target, Path path, FileState state, long nowNanos) {
        return open(target, path, state, null, nowNanos);
    }

    /** @param firstPath how the file is known if it has other content than the state tells of; null if it is not to be opened then */
    private @Nullable FileTail open(
            Target target, Path path, FileState state, @Nullable String firstPath, long nowNanos) {
        if (open.size() >= MAX_OPEN_FILES) {
            if (!toldOfTooMany) {
                toldOfTooMany = true;
                LOG.log(
                        System.Logger.Level.WARNING,
                        () -> MAX_OPEN_FILES + " files are open; " + path + " and others wait");
            }
            return null;
        }
        try {
            FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
            FileTail tail = null;
            try {
                if (FileId.of(path).equals(state.id())) {
                    tail = tail(target, state, firstPath, channel, nowNanos);
                }
            } finally {
                if (tail == null) {
                    channel.close();
                }
            }
            if (tail != null) {
                add(path, tail);
                unreadable.remove(path);
            }
            return tail;
        } catch (NoSuchFileException e) {
            LOG.log(System.Logger.Level.DEBUG, () -> "gone since it was found: " + path);
        } catch (IOException e) {
            failed(path, e);
        }
        return null;
    }

    private @Nullable FileTail tail(
            Target target, FileState before, @Nullable String firstPath, FileChannel channel, long nowNanos)
            throws IOException {
        Input input = new Input.Plain(channel);
        FileState state = before;
        Long from = offsets.remove(before.path());
        if (from != null && from <= channel.size() && before.offset() == 0) {
            state = before.at(from);
        }
        FileTail tail = new FileTail(target, context, state, input, nowNanos);
        if (before.fingerprintLength() + before.offset() > 0 && !tail.isTheSame()) {
            // the inode of a file that is gone was given to this one, or it was truncated
            if (firstPath == null) {
                return null;
            }
            FileState unread = FileState.unread(before.job(), before.id(), firstPath, context.newGeneration());
            tail = new FileTail(target, context, unread, input, nowNanos);
        }
        tail.identify();
        return tail;
    }

    /** Reads what a rotated file that was compressed since holds beyond a state. */
    @Nullable
    FileTail openCompressed(Target target, Path path, FileState state, long nowNanos) throws IOException {
        Input input = Siblings.decompress(path);
        if (input.size() < state.offset() || !FileId.of(path).equals(state.id())) {
            input.close();
            return null;
        }
        FileTail tail = new FileTail(target, context, state, input, nowNanos);
        tail.identify();
        add(path, tail);
        return tail;
    }

    private void add(Path path, FileTail tail) throws IOException {
        FileTail before = open.put(tail.key(), tail);
        if (before != null) {
            before.close();
            forgetPaths(before);
        }
        know(tail.state());
        opened.add(tail);
        Set<Path> paths = new LinkedHashSet<>(List.of(path));
        try {
            paths.add(path.toRealPath());
        } catch (NoSuchFileException e) {
            LOG.log(System.Logger.Level.DEBUG, () -> "renamed since it was opened: " + path);
        }
        pathsOf.put(tail, List.copyOf(paths));
        paths.forEach(p -> byPath.merge(p, List.of(tail), OpenFiles::both));
        context.metrics().openFiles.set(open.size());
    }

    /** Lets go of a file; what was read of it stays known. */
    void close(FileTail tail) {
        open.remove(tail.key());
        know(tail.state());
        forgetPaths(tail);
        try {
            tail.close();
        } catch (IOException e) {
            failed(Path.of(tail.path()), e);
        }
        context.metrics().openFiles.set(open.size());
        LOG.log(System.Logger.Level.DEBUG, () -> "let go: " + tail.path());
    }

    private void forgetPaths(FileTail tail) {
        List<Path> paths = pathsOf.remove(tail);
        if (paths != null) {
            paths.forEach(p -> byPath.computeIfPresent(p, (x, l) -> without(l, tail)));
        }
    }

    /** Lists of mostly one, of which there are as many as files: small ones. */
    private static <T> List<T> both(List<T> a, List<T> b) {
        return a.containsAll(b)
                ? a
                : Stream.concat(a.stream(), b.stream()).distinct().toList();
    }

    private static <T> @Nullable List<T> without(List<T> all, T one) {
        List<T> rest = all.stream().filter(x -> !x.equals(one)).toList();
        return rest.isEmpty() ? null : rest;
    }

    void failed(Path path, IOException e) {
        context.metrics().readErrors.inc();
        boolean told = !unreadable.add(path);
        LOG.log(
                told ? System.Logger.Level.DEBUG : System.Logger.Level.WARNING,
                () -> "cannot read " + path + ", will try again: " + e);
    }

    /** How all of them stand; says by the metrics how far they are behind. */
    List<Tailer.FileStatus> status(long now) {
        List<Tailer.FileStatus> all = new ArrayList<>();
        long lag = 0;
        long oldest = now;
        for (FileTail t : open.values()) {
            try {
                long behind = t.lagBytes();
                lag += behind;
                if (behind > 0) {
                    oldest = Math.min(oldest, t.lastChangeNanos());
                }
                all.add(new Tailer.FileStatus(
                        t.target().job().name(), t.path(), t.offset(), t.offset() + behind, t.lines()));
            } catch (IOException e) {
                failed(Path.of(t.path()), e);
            }
        }
        context.metrics().lagBytes.set((double) lag);
        context.metrics().lagSeconds.set((now - oldest) / 1e9);
        return all;
    }

    void closeAll() {
        for (FileTail t : List.copyOf(open.values())) {
            close(t);
        }
    }
}
