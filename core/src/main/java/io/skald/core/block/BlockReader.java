/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.block;

import io.skald.core.filter.SkipFilter;
import io.skald.core.filter.SkipFilterBuilder;
import io.skald.core.model.StoreException.CorruptData;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads a block, column by column, from bytes that may be anything. Opening checks the header with its checksum; reading a column checks
 * that column. All lengths are held against the limits of {@link BlockFormat} before anything is allocated. Only the columns that are read
 * need to be there: {@link #open} takes a prefix of a block too. Confined to one thread; does not keep what it decoded.
 */
public final class BlockReader {
    private final String object;
    private final byte[] bytes;
    private final int offset;
    private final int length;
    private final long base;
    private final int rows;
    private final int lineBytes;
    private final long minNanos;
    private final long maxNanos;
    private final Column times;
    private final Column lengths;
    private final Column lines;
    private final @Nullable Column stamps;
    private final List<Column> columns;
    private final List<Column> metadata;
    private final int blockLength;
    private final long rawBytes;

    /** A row of the column table; {@code at} counts from the beginning of the block. */
    private record Column(int type, int codec, int at, int length, int rawLength, int crc, String name) {}

    private BlockReader(String object, byte[] bytes, int offset, int length, long base) throws CorruptData {
        this.object = object;
        this.bytes = bytes;
        this.offset = offset;
        this.length = length;
        this.base = base;
        ByteSource in = new ByteSource(object, bytes, offset, length, base);
        if (in.u32() != BlockFormat.MAGIC) {
            throw in.corrupt("no block: wrong magic");
        }
        int version = in.u8();
        if (version != BlockFormat.VERSION) {
            throw in.corrupt("block version " + version + ", this reader knows " + BlockFormat.VERSION);
        }
        int encoding = in.u8();
        int columnCount = in.u16();
        int headerLength = in.u32();
        if (headerLength < BlockFormat.FIXED_HEADER_LENGTH + 4
                || headerLength > BlockFormat.MAX_HEADER_LENGTH
                || headerLength > length) {
            throw in.corrupt("header length " + headerLength + " not in ["
                    + (BlockFormat.FIXED_HEADER_LENGTH + 4) + ", "
                    + Math.min(length, BlockFormat.MAX_HEADER_LENGTH) + "]");
        }
        ByteSource check = new ByteSource(object, bytes, offset + headerLength - 4, 4, base + headerLength - 4);
        if (check.u32() != Checksum.of(bytes, offset, headerLength - 4)) {
            throw check.corrupt("wrong checksum of the block header");
        }
        if (encoding != BlockFormat.LINES_RAW && encoding != BlockFormat.LINES_STAMPED) {
            throw in.corrupt("line encoding " + encoding + ", this reader knows up to " + BlockFormat.LINES_STAMPED);
        }
        rows = in.u32();
        minNanos = in.i64();
        maxNanos = in.i64();
        lineBytes = in.u32();
        in.u32();
        if (rows < 1 || rows > BlockFormat.MAX_ROWS || lineBytes < 0 || lineBytes > BlockFormat.MAX_LINE_BYTES) {
            throw in.corrupt(rows + " rows, " + lineBytes + " line bytes exceed the limits");
        }
        ByteSource table = new ByteSource(
                object,
                bytes,
                offset + BlockFormat.FIXED_HEADER_LENGTH,
                headerLength - 4 - BlockFormat.FIXED_HEADER_LENGTH,
                base + BlockFormat.FIXED_HEADER_LENGTH);
        List<Column> all = readTable(table, columnCount, headerLength);
        columns = all;
        int end = headerLength;
        long raw = 0;
        for (Column c : all) {
            end += c.length;
            raw += c.rawLength;
        }
        blockLength = end;
        rawBytes = raw;
        times = single(all, BlockFormat.COLUMN_TIMES, table);
        lengths = single(all, BlockFormat.COLUMN_LENGTHS, table);
        lines = single(all, BlockFormat.COLUMN_LINES, table);
        stamps = encoding == BlockFormat.LINES_STAMPED ? single(all, BlockFormat.COLUMN_STAMPS, table) : null;
        if (stamps == null ? lines.rawLength != lineBytes : lines.rawLength > lineBytes || stamps.rawLength < rows) {
            throw table.corrupt("line column of " + lines.rawLength + " bytes, header says " + lineBytes);
        }
        // a row takes a byte at least in each, so that what is allocated for rows is bounded by what is there
        if (times.rawLength < rows || lengths.rawLength < rows) {
            throw table.corrupt(
                    rows + " rows in " + times.rawLength + " bytes of times and " + lengths.rawLength + " of lengths");
        }
        metadata =
                all.stream().filter(c -> c.type == BlockFormat.COLUMN_METADATA).toList();
    }

    /**
     * Reads the header of a block.
     *
     * @param object what this is, for messages
     * @param length bytes there are, at least up to the end of the last column that will be read
     * @param base offset of the block within the object, for messages
     */
    public static BlockReader open(String object, byte[] bytes, int offset, int length, long base) throws CorruptData {
        return new BlockReader(object, bytes, offset, length, base);
    }

    private static List<Column> readTable(ByteSource in, int columns, int headerLength) throws CorruptData {
        List<Column> all = new ArrayList<>(Math.min(columns, 64));
        long at = headerLength;
        long raw = 0;
        for (int i = 0; i < columns; i++) {
            int type = in.u8();
            int codec = in.u8();
            int n = in.u32();
            int rawLength = in.u32();
            int crc = in.u32();
            String name = in.string("metadata key", BlockFormat.MAX_HEADER_LENGTH);
            at += n & 0xffffffffL;
            raw += rawLength & 0xffffffffL;
            if (n < 0 || at > Integer.MAX_VALUE || rawLength < 0 || raw > BlockFormat.MAX_RAW_BYTES) {
                throw in.corrupt("columns of " + at + " bytes, " + raw + " decompressed exceed the limits");
            }
            if (codec != BlockFormat.CODEC_NONE && codec != BlockFormat.CODEC_ZSTD) {
                throw in.corrupt("unknown codec " + codec);
            }
            if (codec == BlockFormat.CODEC_NONE && n != rawLength) {
                throw in.corrupt("uncompressed column with two lengths: " + n + " and " + rawLength);
            }
            all.add(new Column(type, codec, (int) at - n, n, rawLength, crc, name));
        }
        in.expectEnd();
        return all;
    }

    private static Column single(List<Column> all, int type, ByteSource in) throws CorruptData {
        Column found = null;
        for (Column c : all) {
            if (c.type == type) {
                if (found != null) {
                    throw in.corrupt("two columns of type " + type);
                }
                found = c;
            }
        }
        if (found == null) {
            throw in.corrupt("no column of type " + type);
        }
        return found;
    }

    public int rows() {
        return rows;
    }

    /** Bytes of all lines together. */
    public int lineBytes() {
        return lineBytes;
    }

    public long minNanos() {
        return minNanos;
    }

    public long maxNanos() {
        return maxNanos;
    }

    /** Whether {@link #lines} needs the times and the lengths. */
    public boolean linesNeedTimes() {
        return stamps != null;
    }

    /** Bytes that reading all columns takes, decompressed. Known without decompressing, so a bound can be held before. */
    public long rawBytes() {
        return rawBytes;
    }

    /** Bytes of the whole block. */
    public int blockLength() {
        return blockLength;
    }

    /** The times of all rows. {@code reuse} is filled and returned if it is large enough; it may be longer than there are rows. */
    public long[] times(long @Nullable [] reuse) throws CorruptData {
        long[] t = reuse != null && reuse.length >= rows ? reuse : new long[rows];
        TimeColumn.decode(source(times), t, rows);
        long min = Long.MAX_VALUE;
        long max = Long.MIN_VALUE;
        for (int i = 0; i < rows; i++) {
            min = Math.min(min, t[i]);
            max = Math.max(max, t[i]);
        }
        if (min < minNanos || max > maxNanos) {
            throw new CorruptData(object + ": times from " + min + " to " + max
                    + " outside of the block's range at offset " + (base + times.at));
        }
        return t;
    }

    /**
     * Where the lines begin within the line column: rows + 1 offsets, the last of which is its length. {@code reuse} as for {@link #times}.
     */
    public int[] lineOffsets(int @Nullable [] reuse) throws CorruptData {
        int[] o = reuse != null && reuse.length > rows ? reuse : new int[rows + 1];
        ByteSource in = source(lengths);
        long[] some = new long[Math.min(rows, 256)];
        int at = 0;
        for (int i = 0; i < rows; ) {
            int n = Math.min(some.length, rows - i);
            in.varints(some, 0, n);
            for (int k = 0; k < n; k++) {
                o[i++] = at;
                // as unsigned numbers, which the large ones are negative as
                if (some[k] < 0 || some[k] > lineBytes - at) {
                    throw in.corrupt("line length " + Long.toUnsignedString(some[k]) + " exceeds " + (lineBytes - at));
                }
                at += (int) some[k];
            }
        }
        o[rows] = at;
        in.expectEnd();
        if (at != lineBytes) {
            throw in.corrupt("lines of " + at + " bytes, header says " + lineBytes);
        }
        return o;
    }

    /** The bytes of all lines, one after the other. {@code reuse} as for {@link #times}. */
    public byte[] lines(byte @Nullable [] reuse) throws CorruptData {
        return stamps == null ? lines(reuse, new long[0], new int[0]) : lines(reuse, times(null), lineOffsets(null));
    }

    /**
     * As {@link #lines(byte[])}, for who has decoded these columns already.
     *
     * @param times what {@link #times} gave
     * @param offsets what {@link #lineOffsets} gave
     */
    public byte[] lines(byte @Nullable [] reuse, long[] times, int[] offsets) throws CorruptData {
        byte[] b = undatedLines(reuse);
        restoreDates(b, times, offsets);
        return b;
    }

    /**
     * The lines without their dates, if they are kept so: bytes [{@link #undatedFrom}, {@link #lineBytes}) of the array. What
     * {@link UndatedText#core} says of a text stands there wherever the text stands in a line.
     */
    public byte[] undatedLines(byte @Nullable [] reuse) throws CorruptData {
        check(lines);
        if (lines.codec == BlockFormat.CODEC_ZSTD) {
            checkFrame(lines);
        }
        byte[] b = reuse != null && reuse.length >= lineBytes ? reuse : new byte[lineBytes];
        int at = undatedFrom();
        if (lines.codec == BlockFormat.CODEC_NONE) {
            System.arraycopy(bytes, offset + lines.at, b, at, lines.rawLength);
        } else {
            Zstandard.decompress(
                    bytes, offset + lines.at, lines.length, b, at, lines.rawLength, object, base + lines.at);
        }
        return b;
    }

    /** Where the lines without dates begin in what {@link #undatedLines} gives. */
    public int undatedFrom() {
        return lineBytes - lines.rawLength;
    }

    /** Makes what {@link #undatedLines} gave into what {@link #lines} gives, in place. */
    public void restoreDates(byte[] undated, long[] times, int[] offsets) throws CorruptData {
        if (stamps != null) {
            StampColumn.restore(source(stamps), times, offsets, rows, undated, undatedFrom(), lineBytes);
        }
    }

    /** The structured metadata of all rows. */
    public BlockMetadata metadata() throws CorruptData {
        if (metadata.isEmpty()) {
            return BlockMetadata.NONE;
        }
        List<BlockMetadata.Key> keys = new ArrayList<>(metadata.size());
        String last = null;
        for (Column c : metadata) {
            ByteSource in = source(c);
            if (last != null && c.name.compareTo(last) <= 0) {
                throw in.corrupt("metadata key " + c.name + " does not come after " + last);
            }
            last = c.name;
            keys.add(BlockMetadata.Key.decode(c.name, in, rows));
        }
        return new BlockMetadata(keys);
    }

    /** The keys of structured metadata that rows have, of some of them perhaps none. */
    public List<String> metadataKeys() {
        return metadata.stream().map(Column::name).toList();
    }

    /** The structured metadata of all rows, but for other keys than one. */
    public BlockMetadata metadata(String key) throws CorruptData {
        for (Column c : metadata) {
            if (c.name.equals(key)) {
                return new BlockMetadata(List.of(BlockMetadata.Key.decode(c.name, source(c), rows)));
            }
        }
        return BlockMetadata.NONE;
    }

    /**
     * The skip filter that the block brings along.
     *
     * @param builtBy who answers for it
     */
    public record Filter(String builtBy, SkipFilter filter) {}

    /** The filter of the block; null if it has none, or one of rules that are not known here. */
    public @Nullable Filter filter() throws CorruptData {
        for (Column c : columns) {
            if (c.type == BlockFormat.COLUMN_FILTER) {
                if (c.rawLength > lineBytes / 4 + (4 << 10)) {
                    throw new CorruptData(object + ": skip filter of " + c.rawLength + " bytes for " + lineBytes
                            + " of lines at offset " + (base + c.at));
                }
                ByteSource in = source(c);
                int rules = in.u8();
                if (rules != SkipFilter.RULES && rules != SkipFilter.RULES_IN_PARTS) {
                    return null;
                }
                String builtBy = in.string("name of the builder", 4 * BlockFormat.MAX_BUILDER_LENGTH);
                Filter f = new Filter(
                        builtBy, rules == SkipFilter.RULES ? SkipFilter.decode(in) : SkipFilter.decodeParts(in));
                in.expectEnd();
                // some 80 times what it should be, and still no more memory than the lines take
                if (f.filter.unit() > lineBytes) {
                    throw in.corrupt("skip filter with unit " + f.filter.unit() + " for " + lineBytes + " of lines");
                }
                return f;
            }
        }
        return null;
    }

    /** Builds the filter anew, with the room of another one, or with the usual room if there is none. */
    public SkipFilter buildFilter(SkipFilterBuilder builder, @Nullable SkipFilter like) throws CorruptData {
        int[] offsets = lineOffsets(null);
        byte[] all = stamps == null ? lines(null) : lines(null, times(null), offsets);
        if (like != null) {
            builder.beginUnit(like.unit());
        } else {
            builder.begin(lineBytes);
        }
        for (int i = 0; i < rows; i++) {
            offsets[i] = offsets[i + 1] - offsets[i];
        }
        builder.lines(all, 0, offsets, rows);
        metadata().addTo(builder);
        return builder.finish();
    }

    /** Checks the bytes of all columns but the filter, without decompressing them. */
    public void verify() throws CorruptData {
        for (Column c : columns) {
            if (c.type != BlockFormat.COLUMN_FILTER) {
                check(c);
            }
        }
    }

    /** Appends the block as it is, but without its filter, which a segment keeps elsewhere. */
    public BlockWriter.Summary copyTo(ByteSink out) {
        int begin = out.size();
        int count = 0;
        int prefix = 0;
        out.u32(BlockFormat.MAGIC);
        out.u8(BlockFormat.VERSION);
        out.u8(stamps == null ? BlockFormat.LINES_RAW : BlockFormat.LINES_STAMPED);
        out.u16(0);
        out.u32(0);
        out.u32(rows);
        out.i64(minNanos);
        out.i64(maxNanos);
        out.u32(lineBytes);
        out.u32(0);
        for (Column c : columns) {
            if (c.type != BlockFormat.COLUMN_FILTER) {
                count++;
                out.u8(c.type);
                out.u8(c.codec);
                out.u32(c.length);
                out.u32(c.rawLength);
                out.u32(c.crc);
                out.string(c.name);
            }
        }
        out.setU16(begin + 6, count);
        out.setU32(begin + 8, out.size() - begin + 4);
        out.u32(Checksum.of(out.array(), begin, out.size() - begin));
        for (Column c : columns) {
            if (c.type != BlockFormat.COLUMN_FILTER) {
                out.bytes(bytes, offset + c.at, c.length);
                boolean ofLines = c.type == BlockFormat.COLUMN_LINES || c.type == BlockFormat.COLUMN_STAMPS;
                prefix = ofLines ? prefix : out.size() - begin;
            }
        }
        return new BlockWriter.Summary(out.size() - begin, prefix, rows, lineBytes, minNanos, maxNanos);
    }

    /** Bytes of the structured metadata of all rows, decompressed. */
    public long metadataBytes() {
        long sum = 0;
        for (Column c : metadata) {
            sum += c.rawLength;
        }
        return sum;
    }

    private ByteSource source(Column c) throws CorruptData {
        check(c);
        if (c.codec == BlockFormat.CODEC_NONE) {
            return new ByteSource(object, bytes, offset + c.at, c.length, base + c.at);
        }
        checkFrame(c);
        byte[] raw = new byte[c.rawLength];
        Zstandard.decompress(bytes, offset + c.at, c.length, raw, 0, c.rawLength, object, base + c.at);
        return new ByteSource(object, raw, 0, raw.length, base + c.at);
    }

    private void check(Column c) throws CorruptData {
        if ((long) c.at + c.length > length) {
            throw new CorruptData(
                    object + ": block ends before its column of type " + c.type + " does at offset " + (base + length));
        }
        if (Checksum.of(bytes, offset + c.at, c.length) != c.crc) {
            throw new CorruptData(object + ": wrong checksum of column type " + c.type + " at offset " + (base + c.at));
        }
    }

    /** Before room is made for a column: that its frame is as long as the header says. */
    private void checkFrame(Column c) throws CorruptData {
        long n = Zstandard.rawLength(bytes, offset + c.at, c.length);
        if (n != c.rawLength) {
            throw new CorruptData(object + ": column type " + c.type + " claims " + n
                    + " decompressed bytes, the header " + c.rawLength + " at offset " + (base + c.at));
        }
    }
}
