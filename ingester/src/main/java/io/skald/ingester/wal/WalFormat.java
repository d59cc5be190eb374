/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.wal;

import io.skald.core.block.Checksum;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of a WAL file, version 1; docs/formats/wal.md shows them. Integers are big-endian. The checksum of a record's head covers the
 * number of the file and the offset in it, so that what an earlier life of a recycled file left behind is never taken for a record.
 */
public final class WalFormat {
    static final long MAGIC = 0x534b414c4457414cL; // "SKALDWAL"
    static final int VERSION = 1;
    /** Size of the file's header. */
    public static final int FILE_HEADER = 64;
    /** Size of a record's head. */
    public static final int RECORD_HEADER = 16;
    /** Records begin at multiples of this. */
    static final int ALIGNMENT = 8;
    /** A record of entries; its payload is described by {@code BatchCodec}. */
    public static final byte TYPE_ENTRIES = 1;
    /** A record of blocks; its payload is described by {@code EncodedBlocks}. */
    public static final byte TYPE_BLOCKS = 2;
    /** A record of which lines of files a push is about; its payload is described by {@code EncodedLines}. */
    public static final byte TYPE_LINES = 3;

    /** Not a record, see {@link #endMark}. */
    private static final byte TYPE_END = 127;

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private WalFormat() {}

    /**
     * The header of a file.
     *
     * @param segmentBytes size of the file when it was made
     * @param number the file's number, never used twice
     * @param epoch which start of the process wrote it
     * @param previousNumber the file that was written before, 0 for none
     * @param previousEnd where the acknowledged records of that file end
     */
    record Header(int segmentBytes, long number, long epoch, long previousNumber, long previousEnd) {}

    /** Largest payload that fits into a file. */
    public static int maxPayload(int segmentBytes) {
        return segmentBytes - FILE_HEADER - RECORD_HEADER - ALIGNMENT;
    }

    /** Bytes that a record with this payload takes in a file. */
    static int recordBytes(int payloadLength) {
        return (RECORD_HEADER + payloadLength + ALIGNMENT - 1) & -ALIGNMENT;
    }

    static ByteBuffer encode(Header h) {
        ByteBuffer b = ByteBuffer.allocate(FILE_HEADER);
        b.putLong(MAGIC)
                .putInt(VERSION)
                .putInt(h.segmentBytes)
                .putLong(h.number)
                .putLong(h.epoch);
        b.putLong(h.previousNumber).putLong(h.previousEnd);
        b.putInt(FILE_HEADER - 4, Checksum.of(b.array(), 0, FILE_HEADER - 4));
        return b.position(0);
    }

    /** The header of a file, or null when there is none that is whole. */
    static @Nullable Header decode(MemorySegment file) {
        if (file.byteSize() < FILE_HEADER || file.get(LONG, 0) != MAGIC || file.get(INT, 8) != VERSION) {
            return null;
        }
        byte[] bytes = file.asSlice(0, FILE_HEADER).toArray(ValueLayout.JAVA_BYTE);
        if (file.get(INT, FILE_HEADER - 4) != Checksum.of(bytes, 0, FILE_HEADER - 4)) {
            return null;
        }
        return new Header(
                file.get(INT, 12), file.get(LONG, 16), file.get(LONG, 24), file.get(LONG, 32), file.get(LONG, 40));
    }

    /** The checksum of a record's head: where it is, what it is, how long, and the checksum of its payload. */
    static int headCrc(long number, int offset, int length, int payloadCrc, byte type) {
        ByteBuffer b = ByteBuffer.allocate(24);
        b.putLong(number).putInt(offset).putInt(length).putInt(payloadCrc).putInt(type);
        return Checksum.of(b.array(), 0, 24);
    }

    static void putRecordHeader(ByteBuffer to, long number, int offset, int length, int payloadCrc, byte type) {
        to.putInt(length).putInt(payloadCrc).putInt(type).putInt(headCrc(number, offset, length, payloadCrc, type));
    }

    /** The length of the payload of the record at an offset, or -1 when there is no whole head of a record before {@code limit}. */
    static int payloadLength(MemorySegment file, long number, int offset, long limit) {
        if (offset + RECORD_HEADER > limit) {
            return -1;
        }
        int length = file.get(INT, offset);
        int type = file.get(INT, offset + 8L);
        if (length <= 0 || length > limit - offset - RECORD_HEADER || type <= 0 || type > Byte.MAX_VALUE) {
            return -1;
        }
        int head = headCrc(number, offset, length, file.get(INT, offset + 4L), (byte) type);
        return head == file.get(INT, offset + 12L) ? length : -1;
    }

    /**
     * The mark at the end of a file's acknowledged records: the head of a record of {@link #TYPE_END} without a payload, which the next record
     * overwrites.
     */
    static ByteBuffer endMark(long number, int offset) {
        ByteBuffer b = ByteBuffer.allocate(RECORD_HEADER);
        putRecordHeader(b, number, offset, 0, 0, TYPE_END);
        return b.flip();
    }

    /** Whether an end mark is at an offset: everything acknowledged is before it. */
    static boolean isEndMark(MemorySegment file, long number, int offset, long limit) {
        return offset + RECORD_HEADER <= limit
                && file.get(INT, offset) == 0
                && file.get(INT, offset + 4L) == 0
                && file.get(INT, offset + 8L) == TYPE_END
                && file.get(INT, offset + 12L) == headCrc(number, offset, 0, 0, TYPE_END);
    }

    static byte type(MemorySegment file, int offset) {
        return (byte) file.get(INT, offset + 8L);
    }

    static boolean payloadIntact(MemorySegment file, int offset, int length) {
        CRC32C c = new CRC32C();
        c.update(file.asSlice(offset + (long) RECORD_HEADER, length).asByteBuffer());
        return (int) c.getValue() == file.get(INT, offset + 4L);
    }

    /** The position of a byte of the WAL: the number of its file, and the offset in it. */
    public static long position(long number, long offset) {
        return number << 32 | offset;
    }

    /** The file that a position is in. */
    public static long number(long position) {
        return position >>> 32;
    }

    /** The offset of a position in its file. */
    public static int offset(long position) {
        return (int) position;
    }
}
