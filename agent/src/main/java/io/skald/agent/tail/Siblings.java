/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.tail;

import io.skald.agent.discover.FileId;
import io.skald.agent.discover.Glob;
import io.skald.agent.spool.FileState;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/** Finds what a file has been renamed to, also when it was compressed. Confined to the tail thread. */
final class Siblings {
    private static final System.Logger LOG = System.getLogger(Siblings.class.getName());

    private final Map<Path, Listing> listings = new HashMap<>();

    /** A directory as it was at a time. */
    private record Listing(Map<String, List<Path>> names, long atNanos, long tookNanos) {}

    /**
     * A file beside another, with a name that begins like the other's.
     *
     * @param born when its content began, milliseconds since 1970, as far as the file system says
     */
    record Sibling(Path path, FileId id, long born, boolean gzip) {}

    /**
     * The siblings of a path, oldest first. {@code 0.log} has {@code 0.log.20240501-100000.gz}, {@code app.log} has {@code app.log.1} and {@code
     * app-2024.log}.
     */
    List<Sibling> of(Path path) {
        Path name = path.getFileName();
        if (name == null) {
            return List.of();
        }
        Map<String, List<Path>> names = names(path);
        List<Sibling> found = new ArrayList<>();
        for (Path beginning : beginnings(path)) {
            for (Path p : names.getOrDefault(beginning.getFileName().toString(), List.of())) {
                if (p.equals(path) || found.stream().anyMatch(s -> s.path.equals(p))) {
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
        }
        found.sort(Comparator.comparingLong(Sibling::born).thenComparing(Sibling::path));
        return found;
    }

    /** Looks into directories anew. */
    void forget() {
        listings.clear();
    }

    /** The files in the directory of a path by what rotation may have appended to. Many new files in a directory do not have it listed for each. */
    private Map<String, List<Path>> names(Path path) {
        Path parent = path.getParent();
        Path directory = parent == null ? Path.of("") : parent;
        long now = System.nanoTime();
        Listing known = listings.get(directory);
        if (known != null && now - known.atNanos < 10 * known.tookNanos) {
            return known.names;
        }
        Map<String, List<Path>> names = new HashMap<>();
        for (Path p : Glob.children(directory)) {
            for (String beginning : beginningsIn(p.getFileName().toString())) {
                names.computeIfAbsent(beginning, x -> new ArrayList<>()).add(p);
            }
        }
        long end = System.nanoTime();
        listings.put(directory, new Listing(names, end, end - now));
        return names;
    }

    /** What a rotated file's name may have been made from, each with the dot or dash that follows. */
    static List<String> beginningsIn(String name) {
        List<String> all = new ArrayList<>();
        for (int i = 1; i < name.length(); i++) {
            if (name.charAt(i) == '.' || name.charAt(i) == '-') {
                all.add(name.substring(0, i + 1));
            }
        }
        return all;
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

    /** How many bytes are in a gzip file by its own account, the low 32 bits of that; or -1 if it is too short. */
    static int sizeIn(Path gzip) throws IOException {
        ByteBuffer b = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN);
        try (FileChannel in = FileChannel.open(gzip, StandardOpenOption.READ)) {
            return in.size() >= 18 && in.read(b, in.size() - 4) == 4 ? b.getInt(0) : -1;
        }
    }

    /** Whether a file begins with what is at the beginning of a copy. */
    static boolean beginsLike(Path whole, Path copy) throws IOException {
        try (InputStream a = Files.newInputStream(whole);
                InputStream b = Files.newInputStream(copy)) {
            byte[] beginning = b.readNBytes(Fingerprint.MAX_BYTES);
            return Arrays.equals(a.readNBytes(beginning.length), beginning);
        }
    }

    /** Which of the states is that of a file's content, or null: that of the file itself if it is among them, else the furthest of those that know most of it. */
    static @Nullable FileState stateOf(Sibling file, List<FileState> states) throws IOException {
        byte[] beginning;
        try (InputStream raw = Files.newInputStream(file.path());
                InputStream in = file.gzip() ? new GZIPInputStream(raw) : raw) {
            beginning = in.readNBytes(Fingerprint.MAX_BYTES);
        }
        FileState best = null;
        Map<Integer, Long> hashes = new HashMap<>(); // most states have one of the same length
        for (FileState s : states) {
            int n = s.fingerprintLength();
            if (n > 0
                    && n <= beginning.length
                    && hashes.computeIfAbsent(n, x -> Fingerprint.of(beginning, n)) == s.fingerprint()) {
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
