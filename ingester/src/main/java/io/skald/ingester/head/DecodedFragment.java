/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.head;

import io.skald.core.block.BlockMetadata;
import io.skald.core.block.BlockReader;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import io.skald.core.model.StoreException.CorruptData;
import io.skald.core.scan.ScanRequest.Columns;
import io.skald.ingester.wal.WalFormat;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * A fragment's entries, decoded into an array of its own, in order of time and, within one time, of arrival. Confined to one thread.
 */
final class DecodedFragment {
    private static final int[] NONE = new int[0];

    private final byte[] buffer;
    private final long[] times;
    /** Where each line begins, and after the last where it ends; empty when lengths were not asked for. */
    private final int[] starts;

    private final Labels[] dictionary;
    private final int[] metadata;
    /** Rows in order of time; empty when they are so already. */
    private final int[] order;

    private DecodedFragment(
            byte[] buffer, long[] times, int[] starts, Labels[] dictionary, int[] metadata, int[] order) {
        this.buffer = buffer;
        this.times = times;
        this.starts = starts;
        this.dictionary = dictionary;
        this.metadata = metadata;
        this.order = order;
    }

    /**
     * Decodes a fragment.
     *
     * @param bytes the fragment, without its lines if {@code columns} wants none
     * @throws IllegalArgumentException if the bytes are not a fragment
     */
    static DecodedFragment of(byte[] bytes, Columns columns) {
        PayloadReader in = new PayloadReader(bytes, FragmentHeader.LENGTH, bytes.length);
        int labels = in.count(Integer.MAX_VALUE / 2);
        for (int i = 0; i < 2 * labels; i++) {
            in.skipString();
        }
        int n = in.count(bytes.length);
        in.i64();
        in.i64();
        // no loop in here: the compiler is quick with what has one, and slow with what has all of them
        long[] times = new long[n];
        boolean sorted = in.times(times);
        int[] starts = NONE;
        Labels[] dictionary = new Labels[0];
        int[] metadata = NONE;
        if (columns.lineLengths() || columns.metadata()) {
            starts = in.starts(n);
        }
        if (columns.metadata()) {
            dictionary = new Labels[in.count(n)];
            for (int i = 0; i < dictionary.length; i++) {
                dictionary[i] = BatchCodec.labels(in);
            }
            if (dictionary.length > 1) {
                metadata = in.counts(n, dictionary.length - 1);
            }
        }
        if (columns.lines()) {
            int base = bytes.length - starts[n];
            if (base < in.position()) {
                throw new IllegalArgumentException("lines of " + starts[n] + " bytes do not fit into the fragment");
            }
            shift(starts, base);
        }
        return new DecodedFragment(bytes, times, starts, dictionary, metadata, sorted ? NONE : order(times));
    }

    private static void shift(int[] starts, int by) {
        for (int i = 0; i < starts.length; i++) {
            starts[i] += by;
        }
    }

    /**
     * Decodes a fragment that holds a block.
     *
     * @param address where it was read from, for messages
     * @param bytes the fragment, {@code headBytes} of which come before the block
     * @throws CorruptData if the block, which nobody has looked into when it was acknowledged, is none
     */
    static DecodedFragment ofBlock(long address, byte[] bytes, int headBytes, Columns columns) throws CorruptData {
        BlockReader block = reader(address, bytes, headBytes);
        int n = block.rows();
        long[] times = Arrays.copyOf(block.times(null), n);
        boolean sorted = true;
        for (int i = 1; i < n; i++) {
            sorted &= times[i] >= times[i - 1];
        }
        int[] starts = NONE;
        byte[] lines = {};
        if (columns.lineLengths() || columns.metadata() || columns.lines()) {
            starts = Arrays.copyOf(block.lineOffsets(null), n + 1);
        }
        if (columns.lines()) {
            lines = block.lines(null);
        }
        Labels[] rows = {};
        int[] metadata = NONE;
        if (columns.metadata()) {
            BlockMetadata all = block.metadata();
            rows = new Labels[n];
            metadata = new int[n];
            for (int i = 0; i < n; i++) {
                rows[i] = all.row(i);
                metadata[i] = i;
            }
        }
        return new DecodedFragment(lines, times, starts, rows, metadata, sorted ? NONE : order(times));
    }

    /** Opens the block of a fragment that holds one. */
    static BlockReader reader(long address, byte[] bytes, int headBytes) throws CorruptData {
        return BlockReader.open(
                "native block in WAL file " + WalFormat.number(address),
                bytes,
                headBytes,
                bytes.length - headBytes,
                WalFormat.offset(address) + (long) headBytes);
    }

    /** The same without some rows; all columns must be there. */
    DecodedFragment without(BitSet rows) {
        int n = times.length - rows.cardinality();
        byte[] lines = new byte[buffer.length];
        long[] keptTimes = new long[n];
        int[] keptStarts = new int[n + 1];
        int[] keptMetadata = new int[metadata.length == 0 ? 0 : n];
        int k = 0;
        boolean sorted = true;
        for (int row = rows.nextClearBit(0); row < times.length; row = rows.nextClearBit(row + 1)) {
            int length = starts[row + 1] - starts[row];
            System.arraycopy(buffer, starts[row], lines, keptStarts[k], length);
            keptStarts[k + 1] = keptStarts[k] + length;
            keptTimes[k] = times[row];
            sorted &= k == 0 || times[row] >= keptTimes[k - 1];
            if (metadata.length > 0) {
                keptMetadata[k] = metadata[row];
            }
            k++;
        }
        return new DecodedFragment(
                lines, keptTimes, keptStarts, dictionary, keptMetadata, sorted ? NONE : order(keptTimes));
    }

    private static int[] order(long[] times) {
        // stable: rows of one time stay in order of arrival
        return IntStream.range(0, times.length)
                .boxed()
                .sorted(Comparator.comparingLong(i -> times[i]))
                .mapToInt(Integer::intValue)
                .toArray();
    }

    int size() {
        return times.length;
    }

    /** The row at a place in the order of time. */
    int row(int place) {
        return order.length == 0 ? place : order[place];
    }

    long time(int row) {
        return times[row];
    }

    long timeAt(int place) {
        return times[row(place)];
    }

    /** All lines, one behind the other, a character for each byte. */
    String text() {
        int from = starts.length == 0 ? 0 : starts[0];
        int to = starts.length == 0 ? 0 : starts[starts.length - 1];
        return new String(buffer, from, to - from, StandardCharsets.ISO_8859_1);
    }

    byte[] buffer() {
        return buffer;
    }

    /** Where a row's line begins; 0 when no column with lengths was asked for. */
    int offset(int row) {
        return starts.length == 0 ? 0 : starts[row];
    }

    /** Length of a row's line; 0 when no column with lengths was asked for. */
    int length(int row) {
        return starts.length == 0 ? 0 : starts[row + 1] - starts[row];
    }

    /** Bytes of names and values of the metadata of some rows, by their places in time. */
    long metadataBytes(int from, int to) {
        long sum = 0;
        Labels last = Labels.EMPTY;
        long size = 0;
        for (int p = from; p < to; p++) {
            Labels m = metadata(row(p));
            if (!m.equals(last)) {
                last = m;
                size = 0;
                for (int i = 0; i < m.size(); i++) {
                    size += m.name(i).length() + m.value(i).length();
                }
            }
            sum += size;
        }
        return sum;
    }

    Labels metadata(int row) {
        return switch (dictionary.length) {
            case 0 -> Labels.EMPTY;
            case 1 -> dictionary[0];
            default -> dictionary[metadata[row]];
        };
    }

    /** Whether two rows of fragments with all columns are equal in line and metadata. */
    static boolean equal(DecodedFragment a, int i, DecodedFragment b, int j) {
        return Arrays.equals(a.buffer, a.starts[i], a.starts[i + 1], b.buffer, b.starts[j], b.starts[j + 1])
                && a.metadata(i).equals(b.metadata(j));
    }

    /** A hash of line and metadata. */
    int hash(int row) {
        int h = metadata(row).hashCode();
        for (int i = starts[row]; i < starts[row + 1]; i++) {
            h = 31 * h + buffer[i];
        }
        return h;
    }

    /** Adds the rows with times in [fromNanos, untilNanos), in order of arrival, of a fragment with all columns. */
    void addTo(EntryBatch batch, long fromNanos, long untilNanos) {
        for (int row = 0; row < times.length; row++) {
            long t = times[row];
            if (t >= fromNanos && t < untilNanos) {
                batch.add(t, buffer, starts[row], starts[row + 1] - starts[row], metadata(row));
            }
        }
    }

    /** The first place whose time is not before {@code nanos}; {@link #size} if there is none. */
    int lowerBound(long nanos) {
        int lo = 0;
        int hi = times.length;
        while (lo < hi) {
            int mid = (lo + hi) >>> 1;
            if (timeAt(mid) < nanos) {
                lo = mid + 1;
            } else {
                hi = mid;
            }
        }
        return lo;
    }
}
