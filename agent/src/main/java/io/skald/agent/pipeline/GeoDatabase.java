/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.pipeline;

import com.maxmind.db.Reader;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A MaxMind database in a file, which is opened again when it has been replaced; one that cannot be read leaves the old one in use. It is mapped, so
 * that it is in no heap; nothing of it needs to be closed. Thread-safe.
 */
final class GeoDatabase {
    private static final System.Logger LOG = System.getLogger(GeoDatabase.class.getName());
    private static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final Path file;
    private volatile Reader reader;
    private volatile long version = 1;
    private FileTime modified;
    private volatile long nextLookNanos;
    private volatile @Nullable Reader told;

    private GeoDatabase(Path file, Reader reader, FileTime modified) {
        this.file = file;
        this.reader = reader;
        this.modified = modified;
        this.nextLookNanos = System.nanoTime() + LOOK_NANOS;
    }

    /** @throws IOException if it is no such file; the message says so */
    static GeoDatabase open(Path file) throws IOException {
        FileTime modified = modified(file);
        return new GeoDatabase(file, reader(file), modified);
    }

    private static FileTime modified(Path file) throws IOException {
        try {
            return Files.getLastModifiedTime(file);
        } catch (IOException e) {
            throw new IOException(file + " cannot be read: " + e, e);
        }
    }

    private static Reader reader(Path file) throws IOException {
        try {
            return new Reader(file.toFile());
        } catch (IOException | RuntimeException e) {
            throw new IOException(file + " is no MaxMind database: " + e.getMessage(), e);
        }
    }

    /** What kind of database it says it is. */
    String type() {
        return reader.getMetadata().getDatabaseType();
    }

    /** Another one for each database that was opened; looks for a new one from time to time. */
    long version() {
        if (System.nanoTime() - nextLookNanos > 0) {
            look();
        }
        return version;
    }

    /** Opens the file again if it is another one than before. */
    synchronized void look() {
        nextLookNanos = System.nanoTime() + LOOK_NANOS;
        try {
            FileTime now = modified(file);
            if (now.equals(modified)) {
                return;
            }
            modified = now; // what is wrong with it is told once
            reader = reader(file);
            version++;
            LOG.log(System.Logger.Level.INFO, () -> file + " has been replaced, and is in use");
        } catch (IOException e) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    () -> "the database that was read before stays in use: " + e.getMessage());
        }
    }

    /** What is known of an address; nothing if nothing is. */
    @SuppressWarnings("ReferenceEquality") // told of this very database
    Map<?, ?> look(InetAddress address) {
        Reader r = reader;
        if (address instanceof Inet6Address && r.getMetadata().getIpVersion() == 4) {
            return Map.of();
        }
        try {
            Map<?, ?> record = r.get(address, Map.class);
            return record == null ? Map.of() : record;
        } catch (IOException | RuntimeException | InternalError e) {
            // a file that is overwritten in place is cut off under the mapping
            if (told != r) {
                told = r;
                LOG.log(System.Logger.Level.WARNING, () -> file + " cannot be read at present: " + e);
            }
            return Map.of();
        }
    }
}
