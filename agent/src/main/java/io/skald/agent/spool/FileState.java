/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.spool;

import io.skald.agent.discover.FileId;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How far a file has been read for a job. Bytes before {@code offset} are in the outbox or were delivered, except those held.
 *
 * @param job for which scrape job
 * @param id which file
 * @param path the path under which it was first found
 * @param offset where reading goes on, bytes
 * @param lines lines read so far
 * @param generation tells this content from what was or will be in the file before or after a truncation; unique for the agent
 * @param fingerprint hash of the first {@code fingerprintLength} bytes
 * @param fingerprintLength how many bytes the fingerprint covers, at most 1,024
 * @param format how lines are written
 * @param position where in a line {@code offset} is
 * @param held lines that were read but wait for what follows them; to be read again before anything else
 */
public record FileState(
        String job,
        FileId id,
        String path,
        long offset,
        long lines,
        long generation,
        long fingerprint,
        int fingerprintLength,
        Format format,
        Position position,
        List<Held> held) {

    /** How the lines of a file are written. */
    public enum Format {
        /** Nothing read yet. */
        UNKNOWN(0),
        /** Every line is an entry. */
        PLAIN(1),
        /** What container runtimes write for Kubernetes: time, stream, {@code F} or {@code P}, text. */
        CRI(2),
        /** What Docker writes: a JSON object for each line. */
        DOCKER(3);

        /** The byte in the outbox. */
        final int code;

        Format(int code) {
            this.code = code;
        }
    }

    /** Where in a line an offset is. */
    public enum Position {
        LINE_START(0),
        /** Behind a line that was delivered before its line feed came: a line feed here only ends it. */
        OPEN_LINE(1),
        /** In a line too long: the rest is passed over. */
        SKIPPING(2);

        /** The byte in the outbox. */
        final int code;

        Position(int code) {
            this.code = code;
        }
    }

    /**
     * A line as it stands in the file.
     *
     * @param order its place among the lines of the file
     * @param readNanos when it was read, nanoseconds since 1970
     */
    public record Held(long order, long readNanos, byte[] line) {
        @Override
        public boolean equals(@Nullable Object o) {
            return o instanceof Held h && order == h.order && readNanos == h.readNanos && Arrays.equals(line, h.line);
        }

        @Override
        public int hashCode() {
            return Objects.hash(order, readNanos, Arrays.hashCode(line));
        }
    }

    /** What tells states apart: a file may be read for several jobs. */
    public record Key(String job, FileId id) {}

    public FileState {
        held = List.copyOf(held);
    }

    public Key key() {
        return new Key(job, id);
    }

    /** A file of which nothing has been read. */
    public static FileState unread(String job, FileId id, String path, long generation) {
        return new FileState(job, id, path, 0, 0, generation, 0, 0, Format.UNKNOWN, Position.LINE_START, List.of());
    }

    /** A file that is taken for read. */
    public static FileState read(
            String job, FileId id, String path, long size, long fingerprint, int fingerprintLength) {
        return new FileState(
                job,
                id,
                path,
                size,
                0,
                0,
                fingerprint,
                fingerprintLength,
                Format.UNKNOWN,
                Position.LINE_START,
                List.of());
    }

    /** What a file held before it was truncated, or its inode was given to another: a copy of it may be found. */
    public FileState past() {
        return in(new FileId(-1, generation ^ fingerprint));
    }

    /** The same content in another file. */
    public FileState in(FileId other) {
        return new FileState(
                job, other, path, offset, lines, generation, fingerprint, fingerprintLength, format, position, held);
    }

    /** The same, but that nothing is kept back. */
    public FileState withoutHeld() {
        return new FileState(
                job, id, path, offset, lines, generation, fingerprint, fingerprintLength, format, position, List.of());
    }

    /** The same file, read up to a place. */
    public FileState at(long readTo) {
        return new FileState(
                job, id, path, readTo, lines, generation, fingerprint, fingerprintLength, format, position, held);
    }
}
