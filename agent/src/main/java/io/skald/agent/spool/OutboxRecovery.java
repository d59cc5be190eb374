/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.spool;

import io.skald.agent.spool.Positions.Acknowledged;
import io.skald.agent.spool.Positions.Queue;
import io.skald.core.block.BlockReader;
import io.skald.core.block.ByteSource;
import io.skald.core.block.Checksum;
import io.skald.core.model.StoreException.CorruptData;
import io.skald.core.model.TenantId;
import io.skald.core.wire.BlockPush;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What an outbox holds when it is opened: the positions file, and what the segments say beyond it. One record is in memory at a time.
 * Confined to one thread.
 */
final class OutboxRecovery {
    private static final Pattern NAME = Pattern.compile(Outbox.PREFIX + "[0-9a-f]{16}");

    private final Map<FileState.Key, FileState> files = new LinkedHashMap<>();
    private final Map<Marks.Stream, Long> marks = new HashMap<>();
    private final Map<String, String> cursors;
    private final Map<Queue, Acknowledged> acknowledged;
    private final List<Item> items = new ArrayList<>();
    private long sequence;

    private OutboxRecovery(Positions p) {
        sequence = p.sequence();
        p.files().forEach(f -> files.put(f.key(), f));
        marks.putAll(p.marks());
        cursors = new HashMap<>(p.cursors());
        acknowledged = new HashMap<>(p.acknowledged());
    }

    static OutboxRecovery recover(Path directory) throws IOException {
        Positions p = Positions.read(directory.resolve("positions"));
        OutboxRecovery r = new OutboxRecovery(p);
        NavigableMap<Long, Path> segments = segments(directory);
        long expected = -1;
        for (Map.Entry<Long, Path> segment : segments.entrySet()) {
            if (expected < 0 ? segment.getKey() > p.sequence() + 1 : segment.getKey() != expected) {
                throw new IOException(
                        "records are missing before " + segment.getValue() + ", or its predecessor is damaged");
            }
            Long following = segments.higherKey(segment.getKey());
            expected =
                    r.readSegment(segment.getValue(), segment.getKey(), following == null ? Long.MAX_VALUE : following);
        }
        return r;
    }

    /** The segments of a directory by their first numbers. */
    static NavigableMap<Long, Path> segments(Path directory) throws IOException {
        TreeMap<Long, Path> segments = new TreeMap<>();
        try (Stream<Path> names = Files.list(directory)) {
            for (Path path : names.toList()) {
                String name = path.getFileName().toString();
                if (NAME.matcher(name).matches()) {
                    segments.put(Long.parseUnsignedLong(name.substring(Outbox.PREFIX.length()), 16), path);
                }
            }
        }
        return segments;
    }

    /**
     * Reads up to the end, to what was torn, or to the number at which the next segment begins: a record whose fsync failed was written again
     * there. Returns the sequence number behind.
     */
    private long readSegment(Path path, long first, long end) throws IOException {
        long next = first;
        long at = OutboxFormat.FILE_HEADER_BYTES;
        long size = Files.size(path);
        if (size < at) {
            return next; // torn while it was begun
        }
        try (DataInputStream in = new DataInputStream(new BufferedInputStream(Files.newInputStream(path), 1 << 16))) {
            if (Integer.reverseBytes(in.readInt()) != OutboxFormat.OUTBOX_MAGIC
                    || Integer.reverseBytes(in.readInt()) != OutboxFormat.VERSION) {
                throw new IOException(path + " is not an outbox of version " + OutboxFormat.VERSION);
            }
            while (next < end && size - at >= OutboxFormat.RECORD_HEADER_BYTES) {
                int length = Integer.reverseBytes(in.readInt());
                int crc = Integer.reverseBytes(in.readInt());
                if (length < 0 || length > OutboxFormat.MAX_PAYLOAD_BYTES || length > size - at - 16) {
                    break;
                }
                byte[] record = new byte[8 + length];
                in.readFully(record);
                if (Checksum.of(record) != crc) {
                    break;
                }
                ByteSource source = new ByteSource(path.toString(), record, 0, record.length, at);
                if (source.i64() != next) {
                    break;
                }
                record(source, record, next, first, at + 8);
                next++;
                at += OutboxFormat.RECORD_HEADER_BYTES + length;
            }
        } catch (EOFException e) {
            return next; // cut since its size was asked
        } catch (CorruptData e) {
            throw new IOException(path + " is damaged: " + e.getMessage(), e);
        }
        return next;
    }

    /** @param base where the record's bytes begin in its segment */
    private void record(ByteSource in, byte[] bytes, long number, long segment, long base) throws CorruptData {
        long created = in.i64();
        int parts = in.count("parts", OutboxFormat.MAX_PARTS);
        boolean isNew = number > sequence;
        for (int i = 0; i < parts; i++) {
            TenantId tenant = OutboxFormat.readTenant(in);
            long entries = in.varint();
            long lineBytes = in.varint();
            int length = in.count("push", in.remaining());
            int at = in.position();
            in.skip(length);
            items.add(new Item(number, i, tenant, entries, lineBytes, created, segment, base + at, length));
            if (isNew) {
                marks(tenant, bytes, at, length);
            }
        }
        if (isNew) {
            OutboxFormat.readFiles(in).forEach(f -> files.put(f.key(), f));
            cursors.putAll(Positions.readCursors(in));
            sequence = number;
        }
    }

    private void marks(TenantId tenant, byte[] bytes, int at, int length) throws CorruptData {
        byte[] body = java.util.Arrays.copyOfRange(bytes, at, at + length);
        for (BlockPush.Block b : BlockPush.decode(body, length).blocks()) {
            long last = BlockReader.open("block", b.bytes(), b.offset(), b.length(), 0)
                    .maxNanos();
            marks.merge(new Marks.Stream(tenant, b.labels()), last, Math::max);
        }
    }

    Map<FileState.Key, FileState> files() {
        return files;
    }

    Map<Marks.Stream, Long> marks() {
        return marks;
    }

    Map<String, String> cursors() {
        return cursors;
    }

    Map<Queue, Acknowledged> acknowledged() {
        return acknowledged;
    }

    List<Item> items() {
        return items;
    }

    long sequence() {
        return sequence;
    }
}
