/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.spool;

import io.skald.core.block.ByteSink;
import io.skald.core.block.ByteSource;
import io.skald.core.block.Checksum;
import io.skald.core.model.StoreException.CorruptData;
import io.skald.core.model.TenantId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A summary of the outbox, so that its old segments can go.
 *
 * @param sequence the last record whose file states and marks are in here
 * @param acknowledged of each queue the last item that is done; later ones are in the outbox
 * @param files how far each file is read
 * @param marks the last time given to an entry of each stream
 * @param cursors where sources that are no files go on, by name
 */
record Positions(
        long sequence,
        Map<Queue, Acknowledged> acknowledged,
        List<FileState> files,
        Map<Marks.Stream, Long> marks,
        Map<String, String> cursors) {
    static final Positions NONE = new Positions(0, Map.of(), List.of(), Map.of(), Map.of());

    /** What is sent in order: the pushes of a tenant to a client. */
    record Queue(String client, TenantId tenant) {}

    /** An item's place. */
    record Acknowledged(long sequence, int part) {
        boolean covers(Item i) {
            return i.sequence() < sequence || i.sequence() == sequence && i.part() <= part;
        }
    }

    Positions {
        acknowledged = Map.copyOf(acknowledged);
        files = List.copyOf(files);
        marks = Map.copyOf(marks);
        cursors = Map.copyOf(cursors);
    }

    /** Writes the file anew: a reader sees the old content or this one, also after a power failure. */
    void write(Path file) throws IOException {
        ByteSink out = new ByteSink(1 << 14);
        OutboxFormat.beginRecord(out, sequence);
        out.varint(acknowledged.size());
        acknowledged.forEach((q, a) -> {
            out.string(q.client);
            out.string(q.tenant.value());
            out.varint(a.sequence);
            out.varint(a.part);
        });
        OutboxFormat.writeFiles(out, files);
        out.varint(marks.size());
        marks.forEach((stream, time) -> {
            out.string(stream.tenant().value());
            OutboxFormat.writeLabels(out, stream.labels());
            out.i64(time);
        });
        writeCursors(out, cursors);
        OutboxFormat.endRecord(out);
        Path temporary = file.resolveSibling(file.getFileName() + ".tmp");
        try (FileChannel to = FileChannel.open(
                temporary, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING)) {
            Outbox.writeFully(to, ByteBuffer.wrap(OutboxFormat.fileHeader(OutboxFormat.POSITIONS_MAGIC)));
            Outbox.writeFully(to, ByteBuffer.wrap(out.array(), 0, out.size()));
            to.force(true);
        }
        Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        Outbox.syncDirectory(file);
    }

    static void writeCursors(ByteSink out, Map<String, String> cursors) {
        out.varint(cursors.size());
        cursors.forEach((name, value) -> {
            out.string(name);
            out.string(value);
        });
    }

    static Map<String, String> readCursors(ByteSource in) throws CorruptData {
        int n = in.count("cursors", in.remaining());
        Map<String, String> cursors = new HashMap<>();
        for (int i = 0; i < n; i++) {
            String name = in.string("cursor name", in.remaining());
            cursors.put(name, in.string("cursor", in.remaining()));
        }
        return cursors;
    }

    /** The content of the file, or {@link #NONE} if there is none. */
    static Positions read(Path file) throws IOException {
        if (!Files.exists(file)) {
            return NONE;
        }
        byte[] bytes = Files.readAllBytes(file);
        try {
            return decode(file, bytes);
        } catch (CorruptData e) {
            throw new IOException(file + " is damaged: " + e.getMessage(), e);
        }
    }

    private static Positions decode(Path file, byte[] bytes) throws IOException, CorruptData {
        ByteSource in = new ByteSource("positions", bytes, 0, bytes.length, 0);
        if (bytes.length < OutboxFormat.FILE_HEADER_BYTES + OutboxFormat.RECORD_HEADER_BYTES
                || in.u32() != OutboxFormat.POSITIONS_MAGIC) {
            throw new IOException(file + " is not a positions file");
        }
        int version = in.u32();
        if (version != OutboxFormat.VERSION) {
            throw new IOException(file + " has version " + version + ", this program reads " + OutboxFormat.VERSION);
        }
        int length = in.u32();
        int crc = in.u32();
        int at = in.position();
        long sequence = in.i64();
        if (length != in.remaining()) {
            throw new IOException(file + " is damaged: " + in.remaining() + " bytes instead of " + length);
        }
        if (Checksum.of(bytes, at, bytes.length - at) != crc) {
            throw new IOException(file + " is damaged: its checksum does not match");
        }
        int queues = in.count("queues", in.remaining());
        Map<Queue, Acknowledged> acknowledged = new HashMap<>();
        for (int i = 0; i < queues; i++) {
            Queue q = new Queue(in.string("client", in.remaining()), OutboxFormat.readTenant(in));
            acknowledged.put(q, new Acknowledged(in.varint(), in.count("part", OutboxFormat.MAX_PARTS)));
        }
        List<FileState> files = new ArrayList<>(OutboxFormat.readFiles(in));
        int n = in.count("marks", in.remaining());
        Map<Marks.Stream, Long> marks = new HashMap<>();
        for (int i = 0; i < n; i++) {
            TenantId tenant = OutboxFormat.readTenant(in);
            marks.put(new Marks.Stream(tenant, OutboxFormat.readLabels(in)), in.i64());
        }
        Map<String, String> cursors = readCursors(in);
        in.expectEnd();
        return new Positions(sequence, acknowledged, files, marks, cursors);
    }
}
