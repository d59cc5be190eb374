/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.discover;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.regex.PatternSyntaxException;

/**
 * A pattern of file paths as a shell writes it: {@code *}, {@code ?}, {@code [a-z]} and {@code {a,b}} match within a name, {@code **} as a
 * whole name matches any number of directories, also none. Names that begin with a dot match only a pattern that does. Symbolic links are
 * followed, except to directories below {@code **}. Immutable.
 */
public final class Glob {
    private static final System.Logger LOG = System.getLogger(Glob.class.getName());
    private static final String META = "*?[{\\";

    private final Path start;
    private final List<String> names;
    private final List<PathMatcher> matchers;

    /** @throws IllegalArgumentException if the pattern is malformed; the message shows it */
    public Glob(String pattern) {
        if (pattern.isEmpty() || pattern.endsWith("/")) {
            throw new IllegalArgumentException("not a pattern of files: '" + pattern + "'");
        }
        Path base = Path.of(pattern.startsWith("/") ? "/" : "");
        names = new ArrayList<>();
        matchers = new ArrayList<>();
        for (String name : pattern.split("/")) {
            if (name.isEmpty()) {
                continue;
            }
            if (names.isEmpty() && isLiteral(name)) {
                base = base.resolve(name);
                continue;
            }
            names.add(name);
            try {
                matchers.add(FileSystems.getDefault().getPathMatcher("glob:" + name));
            } catch (PatternSyntaxException e) {
                throw new IllegalArgumentException("bad pattern '" + pattern + "': " + e.getMessage(), e);
            }
        }
        start = base;
    }

    /** Adds the regular files that match now. Directories that cannot be read are passed over. */
    public void find(Collection<Path> into) {
        find(into, new ArrayList<>());
    }

    /** The same, and adds the directories in which files or directories that match may appear. */
    public void find(Collection<Path> into, Collection<Path> directories) {
        find(start, 0, into, directories);
    }

    /** Whether a path matches, be there such a file or not. */
    public boolean matches(Path path) {
        int skip = start.toString().isEmpty() ? 0 : start.getNameCount();
        if (skip > 0 && (!path.startsWith(start) || path.getNameCount() < skip)) {
            return false;
        }
        return path.isAbsolute() == start.isAbsolute() && matches(path, skip, 0);
    }

    private boolean matches(Path path, int at, int depth) {
        if (depth == names.size()) {
            return at == path.getNameCount();
        }
        String name = names.get(depth);
        if (name.equals("**")) {
            for (int i = at; i <= path.getNameCount(); i++) {
                if (matches(path, i, depth + 1) && (i < path.getNameCount() || depth == names.size() - 1 && i > at)) {
                    return true;
                }
                if (i < path.getNameCount() && path.getName(i).toString().startsWith(".")) {
                    return false;
                }
            }
            return false;
        }
        if (at >= path.getNameCount()) {
            return false;
        }
        Path part = path.getName(at);
        boolean fits = isLiteral(name)
                ? part.toString().equals(name)
                : matchers.get(depth).matches(part)
                        && (name.startsWith(".") || !part.toString().startsWith("."));
        return fits && matches(path, at + 1, depth + 1);
    }

    private void find(Path at, int depth, Collection<Path> into, Collection<Path> directories) {
        if (depth == names.size()) {
            Path parent = at.getParent();
            if (depth == 0 && parent != null) {
                addDirectory(parent, directories);
            }
            if (Files.isRegularFile(at)) {
                into.add(at);
            }
            return;
        }
        String name = names.get(depth);
        if (!isLiteral(name)) {
            addDirectory(at, directories);
        }
        if (name.equals("**")) {
            find(at, depth + 1, into, directories);
            for (Path child : children(at)) {
                if (!child.getFileName().toString().startsWith(".")
                        && Files.isDirectory(child, LinkOption.NOFOLLOW_LINKS)) {
                    find(child, depth, into, directories);
                }
            }
            if (depth == names.size() - 1) {
                addFiles(at, into);
            }
            return;
        }
        if (isLiteral(name)) {
            addDirectory(at, directories);
            find(at.resolve(name), depth + 1, into, directories);
            return;
        }
        for (Path child : children(at)) {
            Path childName = child.getFileName();
            if (matchers.get(depth).matches(childName)
                    && (name.startsWith(".") || !childName.toString().startsWith("."))) {
                find(child, depth + 1, into, directories);
            }
        }
    }

    private static void addDirectory(Path at, Collection<Path> directories) {
        Path d = at.toString().isEmpty() ? Path.of(".") : at;
        if (Files.isDirectory(d)) {
            directories.add(at);
        }
    }

    /** A {@code **} at the end stands for every file below. */
    private static void addFiles(Path directory, Collection<Path> into) {
        for (Path child : children(directory)) {
            if (!child.getFileName().toString().startsWith(".") && Files.isRegularFile(child)) {
                into.add(child);
            }
        }
    }

    /** What is in a directory, sorted; nothing if it cannot be read. */
    public static List<Path> children(Path directory) {
        List<Path> children = new ArrayList<>();
        Path opened = directory.toString().isEmpty() ? Path.of(".") : directory;
        if (!Files.isDirectory(opened)) {
            return children;
        }
        try (DirectoryStream<Path> stream = Files.newDirectoryStream(opened)) {
            for (Path p : stream) {
                children.add(directory.resolve(p.getFileName()));
            }
        } catch (IOException | java.nio.file.DirectoryIteratorException e) {
            LOG.log(System.Logger.Level.DEBUG, () -> "cannot list " + opened + ": " + e);
        }
        children.sort(null);
        return children;
    }

    private static boolean isLiteral(String name) {
        return name.chars().noneMatch(c -> META.indexOf(c) >= 0);
    }

    /** The file of an identity in a directory, under whatever name, or an empty list. */
    public static List<Path> withId(Path directory, FileId id) {
        List<Path> found = new ArrayList<>();
        for (Path p : children(directory)) {
            try {
                BasicFileAttributes a = Files.readAttributes(p, BasicFileAttributes.class);
                if (a.isRegularFile() && FileId.of(p).equals(id)) {
                    found.add(p);
                }
            } catch (IOException e) {
                LOG.log(System.Logger.Level.DEBUG, () -> "gone while being looked at: " + p + ": " + e);
            }
        }
        return found;
    }
}
