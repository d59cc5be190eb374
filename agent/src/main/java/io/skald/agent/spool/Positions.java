/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.spool;

import io.skald.core.model.Labels;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A summary of the outbox, so that its old segments can go.
 *
 * @param sequence the last batch whose file states and marks are in here
 * @param acknowledged the last batch that was acknowledged; later ones are in the outbox
 * @param files how far each file is read
 * @param marks the last time given to an entry of each stream, nanoseconds since 1970
 */
public record Positions(long sequence, long acknowledged, List<FileState> files, Map<Labels, Long> marks) {
    static final Positions NONE = new Positions(0, 0, List.of(), Map.of());

    public Positions {
        files = List.copyOf(files);
        marks = Map.copyOf(marks);
    }

    /** Writes the file anew: a reader sees the old content or this one, also after a power failure. */
    void write(Path file) throws IOException {
        Path temporary = file.resolveSibling(file.getFileName() + ".tmp");
        try (FileChannel out = FileChannel.open(
                temporary, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING)) {
            Outbox.writeFully(out, OutboxFormat.fileHeader(OutboxFormat.POSITIONS_MAGIC));
            Outbox.writeFully(out, OutboxFormat.record(sequence, this::writePayload));
            out.force(true);
        }
        Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        Outbox.syncDirectory(file);
    }

    private void writePayload(DataOutputStream out) throws IOException {
        out.writeLong(acknowledged);
        OutboxFormat.writeFiles(out, files);
        out.writeInt(marks.size());
        for (Map.Entry<Labels, Long> m : marks.entrySet()) {
            OutboxFormat.writeLabels(out, m.getKey());
            out.writeLong(m.getValue());
        }
    }

    /** The content of the file, or {@link #NONE} if there is none. */
    static Positions read(Path file) throws IOException {
        if (!Files.exists(file)) {
            return NONE;
        }
        ByteBuffer in = ByteBuffer.wrap(Files.readAllBytes(file));
        if (in.remaining() < OutboxFormat.FILE_HEADER_BYTES + OutboxFormat.RECORD_HEADER_BYTES
                || in.getInt() != OutboxFormat.POSITIONS_MAGIC) {
            throw new IOException(file + " is not a positions file");
        }
        int version = in.getInt();
        if (version != OutboxFormat.VERSION) {
            throw new IOException(file + " has version " + version + ", this program reads " + OutboxFormat.VERSION);
        }
        int length = in.getInt();
        int crc = in.getInt();
        long sequence = in.getLong();
        if (length != in.remaining()) {
            throw new IOException(file + " is damaged: " + in.remaining() + " bytes instead of " + length);
        }
        byte[] payload = new byte[length];
        in.get(payload);
        if (OutboxFormat.crc(sequence, payload) != crc) {
            throw new IOException(file + " is damaged: its checksum does not match");
        }
        try (DataInputStream data = new DataInputStream(new ByteArrayInputStream(payload))) {
            long acknowledged = data.readLong();
            List<FileState> files = OutboxFormat.readFiles(data);
            int n = data.readInt();
            Map<Labels, Long> marks = new HashMap<>();
            for (int i = 0; i < n; i++) {
                marks.put(OutboxFormat.readLabels(data), data.readLong());
            }
            return new Positions(sequence, acknowledged, files, marks);
        }
    }
}
