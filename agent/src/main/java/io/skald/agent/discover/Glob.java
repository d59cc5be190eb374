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
        find(start, 0, into);
    }

    private void find(Path at, int depth, Collection<Path> into) {
        if (depth == names.size()) {
            if (Files.isRegularFile(at)) {
                into.add(at);
            }
            return;
        }
        String name = names.get(depth);
        if (name.equals("**")) {
            find(at, depth + 1, into);
            for (Path child : children(at)) {
                if (!child.getFileName().toString().startsWith(".")
                        && Files.isDirectory(child, LinkOption.NOFOLLOW_LINKS)) {
                    find(child, depth, into);
                }
            }
            if (depth == names.size() - 1) {
                addFiles(at, into);
            }
            return;
        }
        if (isLiteral(name)) {
            find(at.resolve(name), depth + 1, into);
            return;
        }
        for (Path child : children(at)) {
            Path childName = child.getFileName();
            if (matchers.get(depth).matches(childName)
                    && (name.startsWith(".") || !childName.toString().startsWith("."))) {
                find(child, depth + 1, into);
            }
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

    private static List<Path> children(Path directory) {
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
