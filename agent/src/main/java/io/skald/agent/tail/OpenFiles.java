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
import java.util.List;
import java.util.Map;
import java.util.Set;
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
    private final Set<Path> unreadable = new HashSet<>();
    private List<FileState> past = new ArrayList<>();
    private List<FileTail> opened = new ArrayList<>();
    private boolean toldOfTooMany;

    OpenFiles(TailContext context, KnownFiles known) {
        this.context = context;
        this.offsets = new HashMap<>(known.offsets());
        known.states().forEach(s -> this.known.put(s.key(), s));
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

    /** What was opened since the last call, and what gave way to it. */
    List<FileState> takeFound() {
        List<FileState> taken = past;
        opened.forEach(t -> taken.add(t.state()));
        opened = new ArrayList<>();
        past = new ArrayList<>();
        return taken;
    }

    /** A state as it is now, if the file is open. */
    FileState present(FileState state) {
        FileTail tail = open.get(state.key());
        return tail == null ? state : tail.state();
    }

    /** Takes a file for read, unless more is known of it. */
    void leaveOut(FileState state) {
        known.putIfAbsent(state.key(), state);
    }

    /** How far something was read. What was known of another content with the same inode is kept apart: a copy of it may be found. */
    void know(FileState state) {
        FileState before = known.put(state.key(), state);
        if (before != null && before.generation() != state.generation() && before.fingerprintLength() > 0) {
            FileState p = before.past();
            past.add(known.merge(p.key(), p, (a, b) -> a.offset() > b.offset() ? a : b));
        }
    }

    void forget(FileState.Key key) {
        known.remove(key);
    }

    /**
     * Opens a file to read on where it was left, or from its beginning.
     *
     * @return null if it is gone, cannot be read, or there are too many; it will be tried again
     */
    @Nullable
    FileTail open(Target target, Path path, FileId id, String firstPath, long nowNanos) {
        FileState.Key key = new FileState.Key(target.job().name(), id);
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
                if (FileId.of(path).equals(id)) {
                    tail = tail(target, key, firstPath, channel, nowNanos);
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

    private FileTail tail(Target target, FileState.Key key, String path, FileChannel channel, long nowNanos)
            throws IOException {
        FileState unread = FileState.unread(key.job(), key.id(), path, context.newGeneration());
        Long from = offsets.remove(path);
        if (from != null && from <= channel.size()) {
            unread = unread.at(from);
        }
        FileState before = known.get(key);
        FileState state = before == null ? unread : before;
        Input input = new Input.Plain(channel);
        FileTail tail = new FileTail(target, context, state, input, nowNanos);
        if (before != null && before.offset() > 0 && !tail.isTheSame()) {
            // the inode of a file that is gone was given to this one, or it was truncated
            tail = new FileTail(target, context, unread, input, nowNanos);
        }
        return tail;
    }

    /** Reads what a rotated file that was compressed since holds beyond a state. */
    void openCompressed(Target target, Path path, FileState state, long nowNanos) {
        try {
            Input input = Siblings.decompress(path);
            if (input.size() < state.offset()) {
                input.close();
                return;
            }
            add(path, new FileTail(target, context, state, input, nowNanos));
        } catch (IOException e) {
            failed(path, e);
        }
    }

    private void add(Path path, FileTail tail) throws IOException {
        FileTail before = open.put(tail.key(), tail);
        if (before != null) {
            before.close();
        }
        know(tail.state());
        opened.add(tail);
        byPath.computeIfAbsent(path, p -> new ArrayList<>()).add(tail);
        Path real = path.toRealPath();
        if (!real.equals(path)) {
            byPath.computeIfAbsent(real, p -> new ArrayList<>()).add(tail);
        }
        context.metrics().openFiles.set(open.size());
    }

    /** Lets go of a file; what was read of it stays known. */
    void close(FileTail tail) {
        open.remove(tail.key());
        know(tail.state());
        byPath.values().removeIf(l -> l.remove(tail) && l.isEmpty());
        try {
            tail.close();
        } catch (IOException e) {
            failed(Path.of(tail.path()), e);
        }
        context.metrics().openFiles.set(open.size());
        LOG.log(System.Logger.Level.DEBUG, () -> "let go: " + tail.path());
    }

    void failed(Path path, IOException e) {
        context.metrics().readErrors.inc();
        boolean told = !unreadable.add(path);
        LOG.log(
                told ? System.Logger.Level.DEBUG : System.Logger.Level.WARNING,
                () -> "cannot read " + path + ", will try again: " + e);
    }

    void closeAll() {
        for (FileTail t : List.copyOf(open.values())) {
            close(t);
        }
    }
}
