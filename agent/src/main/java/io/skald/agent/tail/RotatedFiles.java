/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.tail;

import io.skald.agent.discover.FileId;
import io.skald.agent.discover.Glob;
import io.skald.agent.spool.FileState;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds what has been at a path and is not any more: it was renamed out of the globs, copied before a truncation, compressed. Confined to the tail
 * thread.
 */
final class RotatedFiles {
    private static final System.Logger LOG = System.getLogger(RotatedFiles.class.getName());
    /** Names change while they are looked at; then they are looked at again, at most so often. */
    private static final int TRIES = 8;
    /** File systems tell times by a coarser clock. */
    private static final long CLOCK_MILLIS = 2000;
    /** By so much at most the time of a change may be too early. */
    private static final long TICK_MILLIS = 20;

    private final OpenFiles files;
    private final TailContext context;
    private final Siblings siblings = new Siblings();
    /** When directories had last changed when they were looked through, milliseconds since 1970. */
    private final Map<Path, Long> looked = new HashMap<>();

    private boolean sawAll;

    RotatedFiles(OpenFiles files, TailContext context) {
        this.files = files;
        this.context = context;
    }

    /** The target that a state's file belongs to, or null. */
    static @Nullable Target targetOf(FileState state, List<Target> present) {
        for (Target t : present) {
            if (t.job().name().equals(state.job()) && t.matches(Path.of(state.path()))) {
                return t;
            }
        }
        return null;
    }

    /** Whether directories stayed as they were while they were looked through the last time: names that change then may be missed. */
    boolean sawAll() {
        return sawAll;
    }

    /**
     * Looks through directories that have changed since they were looked through, and opens what was rotated there and is not read to its end.
     *
     * @param followed the files that are there by the names of targets
     * @param beganMillis when somebody began to look for these, milliseconds since 1970
     * @return what was opened
     */
    List<FileTail> look(
            Collection<Path> directories,
            Map<Path, Target> followed,
            List<Target> present,
            long sinceMillis,
            long beganMillis,
            long now) {
        List<FileTail> opened = new ArrayList<>();
        sawAll = true;
        looked.keySet().retainAll(directories);
        siblings.forget();
        for (Path directory : directories) {
            try {
                long changed = Files.getLastModifiedTime(directory).toMillis();
                boolean isFresh =
                        System.currentTimeMillis() - changed < CLOCK_MILLIS; // more may come with the same time
                Long before = looked.put(directory, isFresh ? -1 : changed);
                if (before == null || before != changed) {
                    of(directory, followed, present)
                            .forEach((path, t) -> opened.addAll(open(t, path, present, sinceMillis, now)));
                }
                sawAll &= Files.getLastModifiedTime(directory).toMillis() < beganMillis - TICK_MILLIS;
            } catch (IOException e) {
                LOG.log(System.Logger.Level.DEBUG, () -> "gone while being looked at: " + directory + ": " + e);
            }
        }
        return opened;
    }

    /** The paths in a directory of which there are rotated files. */
    private static Map<Path, Target> of(Path directory, Map<Path, Target> followed, List<Target> present) {
        Map<Path, Target> paths = new LinkedHashMap<>();
        Set<String> stems = new HashSet<>();
        for (Path p : Glob.children(directory)) {
            if (followed.containsKey(p)) {
                continue;
            }
            for (String beginning : Siblings.beginningsIn(p.getFileName().toString())) {
                String base = beginning.substring(0, beginning.length() - 1);
                if (beginning.endsWith("-")) {
                    stems.add(base + ".");
                }
                Path path = p.resolveSibling(base);
                Target t = followed.get(path);
                if (t == null && !paths.containsKey(path)) {
                    t = present.stream()
                            .filter(x -> x.matches(path))
                            .findFirst()
                            .orElse(null);
                }
                if (t != null) {
                    paths.put(path, t);
                }
            }
        }
        if (!stems.isEmpty()) {
            followed.forEach((path, t) -> {
                String name = path.getFileName().toString();
                int dot = name.lastIndexOf('.');
                if (dot > 0 && directory.equals(path.getParent()) && stems.contains(name.substring(0, dot + 1))) {
                    paths.putIfAbsent(path, t); // of app.log there is app-2024.log
                }
            });
        }
        return paths;
    }

    /**
     * Opens what has been at a path and is not read to its end: files that are known by their inode, copies and compressed ones by what they begin
     * with, and such as are younger than the last look.
     *
     * @param present all targets: what matches one of them is found without this
     * @param sinceMillis what is not known and began later is new, milliseconds since 1970
     * @return what was opened
     */
    List<FileTail> open(Target t, Path path, List<Target> present, long sinceMillis, long now) {
        List<FileTail> opened = new ArrayList<>();
        for (int i = 0; i < TRIES; i++) {
            if (tryOpen(t, path, present, sinceMillis, now, opened)) {
                return opened;
            }
            siblings.forget();
        }
        sawAll = false;
        return opened;
    }

    /** The tail of a rotated file that somebody writes to; it is opened again if it was let go. */
    List<FileTail> readOn(Path changed, List<Target> present, long now) {
        if (present.stream().anyMatch(t -> t.matches(changed))) {
            return List.of(); // a new file, which is found by its name
        }
        try {
            FileId id = FileId.of(changed);
            for (FileState s : files.ofFile(id)) {
                FileTail open = files.get(s.key());
                if (open != null) {
                    return List.of(open);
                }
                Target t = targetOf(s, present);
                if (t != null && Files.size(changed) > s.offset()) {
                    FileTail tail = files.open(t, changed, s, now);
                    return tail == null ? List.of() : List.of(tail);
                }
            }
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, () -> "changed and gone: " + changed + ": " + e);
        }
        return List.of();
    }

    /** Returns whether all was opened that is to be read. */
    private boolean tryOpen(
            Target t, Path path, List<Target> present, long sinceMillis, long now, List<FileTail> opened) {
        List<FileState> states = files.ofPath(t.job().name(), path.toString());
        boolean all = true;
        for (Siblings.Sibling s : siblings.of(path)) {
            FileState.Key key = new FileState.Key(t.job().name(), s.id());
            if (files.get(key) != null || present.stream().anyMatch(p -> p.matches(s.path()))) {
                continue;
            }
            try {
                FileState state = stateOf(s, key, path, states, sinceMillis);
                if (!FileId.of(s.path()).equals(s.id())) {
                    all = false; // it was renamed while it was looked at: that was another one
                    continue;
                }
                if (state == null) {
                    continue;
                }
                FileTail tail =
                        s.gzip() ? files.openCompressed(t, s.path(), state, now) : files.open(t, s.path(), state, now);
                if (tail == null) {
                    all = false;
                    continue;
                }
                opened.add(tail);
                states.stream()
                        .filter(of -> !of.held().isEmpty() && of.generation() == tail.generation())
                        .filter(of -> !of.id().equals(s.id()))
                        .forEach(files::foundElsewhere);
            } catch (NoSuchFileException e) {
                all = false;
                LOG.log(System.Logger.Level.DEBUG, () -> "gone since it was found: " + s.path());
            } catch (IOException e) {
                all = false;
                files.failed(s.path(), e);
            }
        }
        return all;
    }

    /** How far a rotated file was read, or null if it is not to be read. */
    private @Nullable FileState stateOf(
            Siblings.Sibling s, FileState.Key key, Path path, List<FileState> states, long sinceMillis)
            throws IOException {
        if (s.gzip() && Siblings.isAlsoThereAsItWas(s.path())) {
            return null;
        }
        FileState known = files.state(key);
        if (known != null && known.offset() > 0 && isRead(s, known)) {
            return null;
        }
        List<FileState> candidates = states;
        if (known != null && !states.contains(known)) {
            candidates = new ArrayList<>(states);
            candidates.add(known);
        }
        FileState of = Siblings.stateOf(s, candidates);
        if (of != null) {
            boolean isBeingRead = files.all().stream()
                    .anyMatch(x -> x.generation() == of.generation()
                            && x.target().job().name().equals(of.job()));
            boolean isLess = s.gzip() && Integer.toUnsignedLong(Siblings.sizeIn(s.path())) < of.offset();
            if (isBeingRead || isLess || isRead(s, of)) {
                return null;
            }
            return of.in(s.id());
        }
        boolean isUnread = known != null && known.offset() == 0;
        return (isUnread || s.born() >= sinceMillis) && !isBeingCopied(s, path)
                ? FileState.unread(key.job(), s.id(), path.toString(), context.newGeneration())
                : null;
    }

    /** Whether there is nothing more in a file than was read. If somebody writes to it the watch tells. */
    private static boolean isRead(Siblings.Sibling s, FileState of) throws IOException {
        return of.held().isEmpty()
                && (s.gzip() ? Siblings.sizeIn(s.path()) == (int) of.offset() : Files.size(s.path()) == of.offset());
    }

    /** Whether a file is a copy that was made, or is being made, of what is still at a path. */
    private static boolean isBeingCopied(Siblings.Sibling s, Path path) throws IOException {
        return !s.gzip() && Files.exists(path) && Siblings.beginsLike(path, s.path());
    }

    /** Lines that were kept back of files of which nothing is there any more. */
    List<FileState> withoutFile() {
        return files.states().stream()
                .filter(s -> !s.held().isEmpty() && files.get(s.key()) == null)
                .filter(s -> files.all().stream()
                        .noneMatch(t -> t.generation() == s.generation()
                                && t.target().job().name().equals(s.job())))
                .toList();
    }
}
