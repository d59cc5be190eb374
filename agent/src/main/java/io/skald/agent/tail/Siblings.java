/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.tail;

import io.skald.agent.discover.FileId;
import io.skald.agent.discover.Glob;
import io.skald.agent.spool.FileState;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/** Finds what a file has been renamed to, also when it was compressed. Confined to the tail thread. */
final class Siblings {
    private static final System.Logger LOG = System.getLogger(Siblings.class.getName());
    private static final int MAX_FINGERPRINT = 1024;

    private Siblings() {}

    /**
     * A file beside another, with a name that begins like the other's.
     *
     * @param born when its content began, milliseconds since 1970, as far as the file system says
     */
    record Sibling(Path path, FileId id, long born, boolean gzip) {}

    /** The siblings of a path, oldest first. {@code 0.log} has {@code 0.log.20240501-100000.gz}, {@code app.log} has {@code app.log.1} and {@code app-2024.log}. */
    static List<Sibling> of(Path path) {
        Path name = path.getFileName();
        Path directory = path.getParent();
        if (name == null) {
            return List.of();
        }
        List<Sibling> found = new ArrayList<>();
        for (Path p : Glob.children(directory == null ? Path.of("") : directory)) {
            Path file = p.getFileName();
            if (file == null || file.equals(name) || !isNameOf(file.toString(), name.toString())) {
                continue;
            }
            try {
                BasicFileAttributes a = Files.readAttributes(p, BasicFileAttributes.class);
                if (a.isRegularFile()) {
                    long born = a.creationTime().toMillis();
                    found.add(new Sibling(p, FileId.of(p), born, isGzip(p)));
                }
            } catch (IOException e) {
                LOG.log(System.Logger.Level.DEBUG, () -> "gone while being looked at: " + p + ": " + e);
            }
        }
        found.sort(Comparator.comparingLong(Sibling::born).thenComparing(Sibling::path));
        return found;
    }

    private static boolean isNameOf(String rotated, String name) {
        if (rotated.startsWith(name + ".") || rotated.startsWith(name + "-")) {
            return true;
        }
        int dot = name.lastIndexOf('.');
        return dot > 0 && rotated.startsWith(name.substring(0, dot) + "-");
    }

    /** What names of rotated files begin with, as {@link #of} has it. */
    static List<Path> beginnings(Path path) {
        String name = path.getFileName().toString();
        int dot = name.lastIndexOf('.');
        List<Path> all = new ArrayList<>(List.of(path.resolveSibling(name + "."), path.resolveSibling(name + "-")));
        if (dot > 0) {
            all.add(path.resolveSibling(name.substring(0, dot) + "-"));
        }
        return all;
    }

    /** Whether the file that was compressed has not been removed yet: it is read, not its copy. */
    static boolean isAlsoThereAsItWas(Path gzip) {
        String name = gzip.getFileName().toString();
        return name.endsWith(".gz")
                && Files.exists(gzip.resolveSibling(name.substring(0, name.length() - ".gz".length())));
    }

    /** Rotation compresses, and the bytes of such a file are no lines. */
    static boolean isCompressed(Path path) throws IOException {
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

    static boolean isGzip(Path path) throws IOException {
        ByteBuffer b = ByteBuffer.allocate(2);
        try (FileChannel in = FileChannel.open(path, StandardOpenOption.READ)) {
            return in.read(b) == 2 && b.getShort(0) == 0x1f8b;
        }
    }

    /** Which of the states is that of a file's content, or null: that of the file itself if it is among them, else the furthest of those that know most of it. */
    static @Nullable FileState stateOf(Sibling file, List<FileState> states) throws IOException {
        byte[] beginning;
        try (InputStream raw = Files.newInputStream(file.path());
                InputStream in = file.gzip() ? new GZIPInputStream(raw) : raw) {
            beginning = in.readNBytes(MAX_FINGERPRINT);
        }
        FileState best = null;
        for (FileState s : states) {
            int n = s.fingerprintLength();
            if (n > 0 && n <= beginning.length && Fingerprint.of(beginning, n) == s.fingerprint()) {
                if (s.id().equals(file.id())) {
                    return s;
                }
                if (best == null
                        || n > best.fingerprintLength()
                        || n == best.fingerprintLength() && s.offset() > best.offset()) {
                    best = s;
                }
            }
        }
        return best;
    }

    /** Opens the content of a compressed file, by way of a copy that is gone when it is closed. */
    static Input decompress(Path gzip) throws IOException {
        Path copy = Files.createTempFile("skald-agent", ".log");
        try (InputStream in = new GZIPInputStream(Files.newInputStream(gzip))) {
            Files.copy(in, copy, StandardCopyOption.REPLACE_EXISTING);
            return new Input.Plain(FileChannel.open(copy, StandardOpenOption.READ, StandardOpenOption.DELETE_ON_CLOSE));
        } catch (IOException e) {
            Files.deleteIfExists(copy);
            throw e;
        }
    }
}
