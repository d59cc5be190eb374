/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.spool;

import io.skald.agent.discover.FileId;
import io.skald.agent.spool.FileState.Format;
import io.skald.agent.spool.FileState.Held;
import io.skald.agent.spool.FileState.Position;
import io.skald.core.block.ByteSink;
import io.skald.core.block.ByteSource;
import io.skald.core.block.Checksum;
import io.skald.core.model.Labels;
import io.skald.core.model.RequestException;
import io.skald.core.model.StoreException.CorruptData;
import io.skald.core.model.TenantId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/**
 * The bytes of outbox and positions, version 2; described in {@code docs/formats/outbox.md}. Integers are little-endian.
 *
 * <pre>
 * outbox segment   magic "SKOB" u32 | version u32 | records…
 * record           length u32 | crc32c u32 | sequence u64 | payload (length bytes)      crc over sequence and payload
 * positions file   magic "SKPO" u32 | version u32 | one record; its sequence is the last one whose file states it holds
 * </pre>
 */
final class OutboxFormat {
    static final int OUTBOX_MAGIC = 0x424f4b53;
    static final int POSITIONS_MAGIC = 0x4f504b53;
    static final int VERSION = 2;
    static final int FILE_HEADER_BYTES = 8;
    static final int RECORD_HEADER_BYTES = 16;
    /** A record is a few MiB; more than this is not a length that was written. */
    static final int MAX_PAYLOAD_BYTES = 1 << 28;

    static final int MAX_PARTS = 100_000;
    private static final int MAX_FILES = 10_000_000;
    private static final int MAX_LABELS = 10_000;

    private OutboxFormat() {}

    static byte[] fileHeader(int magic) {
        ByteSink out = new ByteSink(FILE_HEADER_BYTES);
        out.u32(magic);
        out.u32(VERSION);
        return out.toByteArray();
    }

    /** Begins a record in an empty sink; the payload follows, then {@link #endRecord}. */
    static void beginRecord(ByteSink out, long sequence) {
        out.u32(0);
        out.u32(0);
        out.i64(sequence);
    }

    static void endRecord(ByteSink out) {
        int payload = out.size() - RECORD_HEADER_BYTES;
        if (payload > MAX_PAYLOAD_BYTES) {
            throw new IllegalStateException("outbox record of " + payload + " bytes, limit " + MAX_PAYLOAD_BYTES);
        }
        out.setU32(0, payload);
        out.setU32(
                4, Checksum.of(out.array(), 8, out.size() - 8)); // over sequence and payload, which follow each other
    }

    static void writeFiles(ByteSink out, Collection<FileState> files) {
        out.varint(files.size());
        for (FileState f : files) {
            out.string(f.job());
            out.i64(f.id().device());
            out.i64(f.id().inode());
            out.string(f.path());
            out.varint(f.offset());
            out.varint(f.lines());
            out.i64(f.generation());
            out.i64(f.fingerprint());
            out.varint(f.fingerprintLength());
            out.u8(f.format().code);
            out.u8(f.position().code);
            out.varint(f.held().size());
            for (Held h : f.held()) {
                out.varint(h.order());
                out.i64(h.readNanos());
                out.varint(h.line().length);
                out.bytes(h.line(), 0, h.line().length);
            }
        }
    }

    static List<FileState> readFiles(ByteSource in) throws CorruptData {
        int n = in.count("files", MAX_FILES);
        List<FileState> files = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            String job = in.string("job", in.remaining());
            FileId id = new FileId(in.i64(), in.i64());
            String path = in.string("path", in.remaining());
            long offset = in.varint();
            long lines = in.varint();
            long generation = in.i64();
            long fingerprint = in.i64();
            int fingerprintLength = in.count("fingerprint length", 1 << 20);
            Format format = format(in);
            Position position = position(in);
            int held = in.count("held lines", in.remaining());
            List<Held> lists = new ArrayList<>(Math.min(held, 128));
            for (int h = 0; h < held; h++) {
                long order = in.varint();
                long read = in.i64();
                lists.add(new Held(order, read, in.bytes("held line", in.remaining())));
            }
            files.add(new FileState(
                    job, id, path, offset, lines, generation, fingerprint, fingerprintLength, format, position, lists));
        }
        return files;
    }

    static TenantId readTenant(ByteSource in) throws CorruptData {
        String id = in.string("tenant", in.remaining());
        try {
            return new TenantId(id);
        } catch (RequestException e) {
            throw in.corrupt(String.valueOf(e.getMessage()));
        }
    }

    static void writeLabels(ByteSink out, Labels labels) {
        out.varint(labels.size());
        for (int i = 0; i < labels.size(); i++) {
            out.string(labels.name(i));
            out.string(labels.value(i));
        }
    }

    static Labels readLabels(ByteSource in) throws CorruptData {
        int n = in.count("labels", MAX_LABELS);
        Labels.Builder b = new Labels.Builder();
        for (int i = 0; i < n; i++) {
            String name = in.string("label name", in.remaining());
            b.set(name, in.string("label value", in.remaining()));
        }
        return b.build();
    }

    private static Format format(ByteSource in) throws CorruptData {
        int code = in.u8();
        for (Format f : Format.values()) {
            if (f.code == code) {
                return f;
            }
        }
        throw in.corrupt("unknown line format " + code);
    }

    private static Position position(ByteSource in) throws CorruptData {
        int code = in.u8();
        for (Position p : Position.values()) {
            if (p.code == code) {
                return p;
            }
        }
        throw in.corrupt("unknown position " + code);
    }
}
