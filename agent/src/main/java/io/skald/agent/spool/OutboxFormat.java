/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.spool;

import io.skald.agent.discover.FileId;
import io.skald.agent.spool.FileState.Format;
import io.skald.agent.spool.FileState.Partial;
import io.skald.agent.spool.FileState.Position;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * The bytes of outbox and positions, version 1; described in {@code docs/formats/outbox.md}. Integers are big-endian.
 *
 * <pre>
 * outbox segment   magic "SKOB" u32 | version u32 | records…
 * record           length u32 | crc32c u32 | sequence u64 | payload (length bytes)      crc over sequence and payload
 * positions file   magic "SKPO" u32 | version u32 | one record; its sequence is the last one whose file states it holds
 * </pre>
 */
final class OutboxFormat {
    static final int OUTBOX_MAGIC = 0x534b4f42;
    static final int POSITIONS_MAGIC = 0x534b504f;
    static final int VERSION = 1;
    static final int FILE_HEADER_BYTES = 8;
    static final int RECORD_HEADER_BYTES = 16;
    /** A batch is about 1 MiB; more than this is not a length that was written. */
    static final int MAX_PAYLOAD_BYTES = 1 << 28;

    private OutboxFormat() {}

    /** Writes a payload part; only memory is written to. */
    interface Part {
        void writeTo(DataOutputStream out) throws IOException;
    }

    static ByteBuffer fileHeader(int magic) {
        return ByteBuffer.allocate(FILE_HEADER_BYTES)
                .putInt(magic)
                .putInt(VERSION)
                .flip();
    }

    /** A whole record, ready to be written. */
    static ByteBuffer record(long sequence, Part payload) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(64 * 1024);
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            payload.writeTo(out);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        if (bytes.size() > MAX_PAYLOAD_BYTES) {
            throw new IllegalStateException("outbox record of " + bytes.size() + " bytes, limit " + MAX_PAYLOAD_BYTES);
        }
        byte[] p = bytes.toByteArray();
        return ByteBuffer.allocate(RECORD_HEADER_BYTES + p.length)
                .putInt(p.length)
                .putInt(crc(sequence, p))
                .putLong(sequence)
                .put(p)
                .flip();
    }

    static int crc(long sequence, byte[] payload) {
        CRC32C crc = new CRC32C();
        crc.update(ByteBuffer.allocate(8).putLong(sequence).flip());
        crc.update(payload, 0, payload.length);
        return (int) crc.getValue();
    }

    static void writeBatch(DataOutputStream out, List<FileState> files, List<EntryBatch> streams) throws IOException {
        writeFiles(out, files);
        out.writeInt(streams.size());
        for (EntryBatch b : streams) {
            writeLabels(out, b.labels());
            out.writeInt(b.size());
            for (int i = 0; i < b.size(); i++) {
                out.writeLong(b.timestampNanos(i));
                writeLabels(out, b.metadata(i));
                out.writeInt(b.length(i));
                out.write(b.buffer(i), b.offset(i), b.length(i));
            }
        }
    }

    static Batch readBatch(long sequence, byte[] payload) throws IOException {
        try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(payload))) {
            List<FileState> files = readFiles(in);
            int streams = in.readInt();
            List<EntryBatch> batches = new ArrayList<>();
            for (int s = 0; s < streams; s++) {
                Labels labels = readLabels(in);
                int n = in.readInt();
                EntryBatch b = new EntryBatch(labels, Math.min(n, 1 << 16));
                for (int i = 0; i < n; i++) {
                    long time = in.readLong();
                    Labels metadata = readLabels(in);
                    byte[] line = readBytes(in);
                    b.add(time, line, 0, line.length, metadata);
                }
                batches.add(b);
            }
            return new Batch(sequence, files, batches);
        }
    }

    static void writeFiles(DataOutputStream out, List<FileState> files) throws IOException {
        out.writeInt(files.size());
        for (FileState f : files) {
            out.writeLong(f.id().device());
            out.writeLong(f.id().inode());
            writeString(out, f.path());
            out.writeLong(f.offset());
            out.writeLong(f.fingerprint());
            out.writeShort(f.fingerprintLength());
            out.writeByte(f.format().code);
            out.writeByte(f.position().code);
            out.writeByte(f.partials().size());
            for (Partial p : f.partials()) {
                writeString(out, p.stream());
                out.writeLong(p.timestampNanos());
                out.writeInt(p.text().length);
                out.write(p.text());
            }
        }
    }

    static List<FileState> readFiles(DataInputStream in) throws IOException {
        int n = in.readInt();
        List<FileState> files = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            FileId id = new FileId(in.readLong(), in.readLong());
            String path = readString(in);
            long offset = in.readLong();
            long fingerprint = in.readLong();
            int fingerprintLength = in.readUnsignedShort();
            Format format = format(in.readUnsignedByte());
            Position position = position(in.readUnsignedByte());
            int partials = in.readUnsignedByte();
            List<Partial> parts = new ArrayList<>(partials);
            for (int p = 0; p < partials; p++) {
                parts.add(new Partial(readString(in), in.readLong(), readBytes(in)));
            }
            files.add(new FileState(id, path, offset, fingerprint, fingerprintLength, format, position, parts));
        }
        return files;
    }

    static void writeLabels(DataOutputStream out, Labels labels) throws IOException {
        out.writeShort(labels.size());
        for (int i = 0; i < labels.size(); i++) {
            writeString(out, labels.name(i));
            writeString(out, labels.value(i));
        }
    }

    static Labels readLabels(DataInputStream in) throws IOException {
        int n = in.readUnsignedShort();
        if (n == 0) {
            return Labels.EMPTY;
        }
        Labels.Builder b = new Labels.Builder();
        for (int i = 0; i < n; i++) {
            b.set(readString(in), readString(in));
        }
        return b.build();
    }

    private static void writeString(DataOutputStream out, String s) throws IOException {
        byte[] utf8 = s.getBytes(StandardCharsets.UTF_8);
        out.writeInt(utf8.length);
        out.write(utf8);
    }

    private static String readString(DataInputStream in) throws IOException {
        return new String(readBytes(in), StandardCharsets.UTF_8);
    }

    private static byte[] readBytes(DataInputStream in) throws IOException {
        int n = in.readInt();
        if (n < 0 || n > in.available()) {
            throw new IOException("length " + n + " in an outbox record, " + in.available() + " bytes are left");
        }
        return in.readNBytes(n);
    }

    private static Format format(int code) throws IOException {
        for (Format f : Format.values()) {
            if (f.code == code) {
                return f;
            }
        }
        throw new IOException("unknown line format " + code + " in an outbox record");
    }

    private static Position position(int code) throws IOException {
        for (Position p : Position.values()) {
            if (p.code == code) {
                return p;
            }
        }
        throw new IOException("unknown position " + code + " in an outbox record");
    }
}
