/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.spool;

import io.skald.agent.discover.FileId;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How far a file has been read. Bytes before {@code offset} are in the outbox or were delivered, except those held in {@code partials}.
 *
 * @param id which file
 * @param path the path under which it was first found; the value of the label {@code filename}
 * @param offset where reading goes on, bytes
 * @param fingerprint hash of the first {@code fingerprintLength} bytes
 * @param fingerprintLength how many bytes the fingerprint covers, at most 1,024
 * @param format how lines are written
 * @param position where in a line {@code offset} is
 * @param partials beginnings of entries whose ends have not been read yet
 */
public record FileState(
        FileId id,
        String path,
        long offset,
        long fingerprint,
        int fingerprintLength,
        Format format,
        Position position,
        List<Partial> partials) {

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
     * The beginning of an entry that the writer has split.
     *
     * @param stream {@code stdout}, {@code stderr}
     * @param timestampNanos time of the first part
     * @param text what has been read of it
     */
    public record Partial(String stream, long timestampNanos, byte[] text) {
        @Override
        public boolean equals(@Nullable Object o) {
            return o instanceof Partial p
                    && stream.equals(p.stream)
                    && timestampNanos == p.timestampNanos
                    && java.util.Arrays.equals(text, p.text);
        }

        @Override
        public int hashCode() {
            return Objects.hash(stream, timestampNanos, java.util.Arrays.hashCode(text));
        }
    }

    public FileState {
        partials = List.copyOf(partials);
    }

    /** A file of which nothing has been read. */
    public static FileState unread(FileId id, String path) {
        return new FileState(id, path, 0, 0, 0, Format.UNKNOWN, Position.LINE_START, List.of());
    }
}
