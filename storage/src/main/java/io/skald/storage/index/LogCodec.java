/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.index;

import io.skald.core.block.ByteSink;
import io.skald.core.block.ByteSource;
import io.skald.core.block.Checksum;
import io.skald.core.model.StoreException.CorruptData;
import io.skald.storage.segment.SegmentRef;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;

/** Records of the log as bytes. */
final class LogCodec {
    private static final int MAX_STRING = LogFormat.MAX_KEY_LENGTH * 4;

    private LogCodec() {}

    /** A sink with room for the checksum, version and kind in it. */
    static ByteSink begin(int kind) {
        ByteSink out = new ByteSink(512);
        out.u32(0);
        out.u8(LogFormat.VERSION);
        out.u8(kind);
        return out;
    }

    static byte[] end(ByteSink out) {
        out.setU32(0, Checksum.of(out.array(), 4, out.size() - 4));
        return out.toByteArray();
    }

    static byte[] encode(LogRecord r) {
        ByteSink out = begin(LogFormat.KIND_RECORD);
        ByteSink f = new ByteSink(256);
        putUuid(f, r.nonce());
        field(out, LogFormat.FIELD_NONCE, f);
        for (SegmentRef s : r.adds()) {
            segment(out, f, s);
        }
        for (String key : r.removes()) {
            f.string(key);
            field(out, LogFormat.FIELD_REMOVE, f);
        }
        Fence fence = r.fence();
        if (fence != null) {
            f.string(fence.ingesterId());
            f.varint(fence.from());
            f.varint(fence.to());
            field(out, LogFormat.FIELD_FENCE, f);
        }
        for (DeleteRequest d : r.deletes()) {
            putDelete(f, d);
            field(out, d.unstored().isEmpty() ? LogFormat.FIELD_DELETE : LogFormat.FIELD_DELETE_UNSTORED, f);
        }
        for (String id : r.cancels()) {
            f.string(id);
            field(out, LogFormat.FIELD_CANCEL, f);
        }
        for (LogRecord.Applied a : r.applied()) {
            f.varint(a.n());
            f.varint(a.lines());
            f.varint(a.bytes());
            field(out, LogFormat.FIELD_APPLIED, f);
        }
        for (LogRecord.Mark m : r.marks()) {
            f.string(m.key());
            f.varint(m.deletes());
            field(out, LogFormat.FIELD_MARK, f);
        }
        for (String key : r.voids()) {
            f.string(key);
            field(out, LogFormat.FIELD_VOID, f);
        }
        return end(out);
    }

    static LogRecord decode(String object, byte[] bytes) throws CorruptData {
        UUID nonce = null;
        List<SegmentRef> adds = new ArrayList<>();
        List<String> removes = new ArrayList<>();
        Fence fence = null;
        List<DeleteRequest> deletes = new ArrayList<>();
        List<String> cancels = new ArrayList<>();
        List<LogRecord.Applied> applied = new ArrayList<>();
        List<LogRecord.Mark> marks = new ArrayList<>();
        List<String> voids = new ArrayList<>();
        ByteSource in = open(object, bytes, LogFormat.KIND_RECORD);
        while (in.remaining() > 0) {
            Field f = nextField(object, bytes, in);
            switch (f.type) {
                case LogFormat.FIELD_NONCE -> nonce = uuid(f.in);
                case LogFormat.FIELD_ADD -> adds.add(segment(f.in, false));
                case LogFormat.FIELD_ADD_MORE -> adds.add(segment(f.in, true));
                case LogFormat.FIELD_DELETE -> deletes.add(delete(f.in, false));
                case LogFormat.FIELD_DELETE_UNSTORED -> deletes.add(delete(f.in, true));
                case LogFormat.FIELD_CANCEL -> cancels.add(f.in.string("delete request id", MAX_STRING));
                case LogFormat.FIELD_APPLIED ->
                    applied.add(new LogRecord.Applied(f.in.varint(), f.in.varint(), f.in.varint()));
                case LogFormat.FIELD_MARK ->
                    marks.add(new LogRecord.Mark(f.in.string("key", MAX_STRING), f.in.varint()));
                case LogFormat.FIELD_VOID -> voids.add(f.in.string("key", MAX_STRING));
                case LogFormat.FIELD_REMOVE -> removes.add(f.in.string("key", MAX_STRING));
                case LogFormat.FIELD_FENCE -> fence = fence(f.in);
                default -> f.unknown();
            }
            f.in.expectEnd();
        }
        if (nonce == null) {
            throw in.corrupt("record without a nonce");
        }
        return new LogRecord(nonce, adds, removes, fence, deletes, cancels, applied, marks, voids);
    }

    /** A field's type and its bytes. */
    record Field(int type, ByteSource in) {
        /** Passes over a field that this version does not know, if it may. */
        void unknown() throws CorruptData {
            if (type < LogFormat.FIRST_OPTIONAL_FIELD) {
                throw in.corrupt("field of type " + type + ", which a reader must know and this one does not,");
            }
            in.skip(in.remaining());
        }
    }

    /** Checks the checksum, version and kind; leaves the source at the first field. */
    static ByteSource open(String object, byte[] bytes, int kind) throws CorruptData {
        ByteSource in = new ByteSource(object, bytes, 0, bytes.length, 0);
        int expected = in.u32();
        int version = in.u8();
        int found = in.u8();
        if (Checksum.of(bytes, 4, bytes.length - 4) != expected) {
            throw new CorruptData(object + ": wrong checksum at offset 0");
        }
        if (version != LogFormat.VERSION) {
            throw in.corrupt("version " + version + ", this reader knows " + LogFormat.VERSION + ",");
        }
        if (found != kind) {
            throw in.corrupt("kind " + found + ", expected " + kind + ",");
        }
        return in;
    }

    static Field nextField(String object, byte[] bytes, ByteSource in) throws CorruptData {
        int type = in.count("field type", 1 << 20);
        int length = in.count("field length", in.remaining());
        int at = in.position();
        in.skip(length);
        return new Field(type, new ByteSource(object, bytes, at, length, at));
    }

    /** Appends what is in {@code payload} as a field, and empties it. */
    static void field(ByteSink out, int type, ByteSink payload) {
        out.varint(type);
        out.varint(payload.size());
        out.bytes(payload.array(), 0, payload.size());
        payload.reset();
    }

    static void putUuid(ByteSink out, UUID u) {
        out.i64(u.getMostSignificantBits());
        out.i64(u.getLeastSignificantBits());
    }

    static UUID uuid(ByteSource in) throws CorruptData {
        long high = in.i64();
        return new UUID(high, in.i64());
    }

    /** Appends a segment as a field. */
    static void segment(ByteSink out, ByteSink payload, SegmentRef s) {
        putSegment(payload, s);
        if (s.retention().isEmpty() && s.level() == 0 && s.deletes() == 0 && s.arrived() == 0) {
            field(out, LogFormat.FIELD_ADD, payload);
            return;
        }
        payload.string(s.retention());
        payload.varint(s.level());
        payload.varint(s.deletes());
        payload.varint(s.arrived());
        field(out, LogFormat.FIELD_ADD_MORE, payload);
    }

    static void putDelete(ByteSink out, DeleteRequest d) {
        out.string(d.id());
        out.string(d.query());
        out.i64(d.startNanos());
        out.i64(d.endNanos());
        out.i64(d.createdMillis());
        if (!d.unstored().isEmpty()) {
            out.varint(d.unstored().size());
            new TreeMap<>(d.unstored()).forEach((ingester, position) -> {
                out.string(ingester);
                out.varint(position);
            });
        }
    }

    static DeleteRequest delete(ByteSource in, boolean withPositions) throws CorruptData {
        String id = in.string("delete request id", MAX_STRING);
        String query = in.string("query", LogFormat.MAX_QUERY_LENGTH * 4);
        long start = in.i64();
        long end = in.i64();
        try {
            long created = in.i64();
            Map<String, Long> unstored = new HashMap<>();
            for (int n = withPositions ? in.count("ingesters", in.remaining() / 2) : 0; n > 0; n--) {
                String ingester = in.string("ingester id", LogFormat.MAX_INGESTER_ID_LENGTH * 4);
                unstored.put(ingester, in.varint());
            }
            return new DeleteRequest(id, query, start, end, created, unstored);
        } catch (IllegalArgumentException e) {
            throw in.corrupt(String.valueOf(e.getMessage()));
        }
    }

    private static void putSegment(ByteSink out, SegmentRef s) {
        if (s.key().length() > LogFormat.MAX_KEY_LENGTH) {
            throw new IllegalArgumentException("segment key of " + s.key().length() + " characters");
        }
        out.string(s.key());
        out.zigzag(s.day());
        out.i64(s.minNanos());
        out.i64(s.maxNanos());
        out.varint(s.sizeBytes());
        out.varint(s.entries());
        out.varint(s.lineBytes());
        out.varint(s.tailOffset());
        out.varint(s.series());
    }

    static SegmentRef segment(ByteSource in, boolean more) throws CorruptData {
        String key = in.string("key", MAX_STRING);
        long day = in.zigzag();
        long min = in.i64();
        long max = in.i64();
        long size = in.varint();
        long entries = in.varint();
        long lineBytes = in.varint();
        long tail = in.varint();
        int series = in.count("series", Integer.MAX_VALUE);
        String retention = more ? in.string("retention", SegmentRef.MAX_RETENTION_LENGTH * 4) : "";
        int level = more ? in.count("level", Integer.MAX_VALUE) : 0;
        long deletes = more ? in.varint() : 0;
        long arrived = more ? in.varint() : 0;
        try {
            return new SegmentRef(
                    key,
                    Math.toIntExact(day),
                    min,
                    max,
                    size,
                    entries,
                    lineBytes,
                    tail,
                    series,
                    retention,
                    level,
                    deletes,
                    arrived);
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw in.corrupt(String.valueOf(e.getMessage()));
        }
    }

    private static Fence fence(ByteSource in) throws CorruptData {
        String id = in.string("ingester id", LogFormat.MAX_INGESTER_ID_LENGTH * 4);
        long from = in.varint();
        long to = in.varint();
        try {
            return new Fence(id, from, to);
        } catch (IllegalArgumentException e) {
            throw in.corrupt(String.valueOf(e.getMessage()));
        }
    }
}
