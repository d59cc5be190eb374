/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.segment;

import io.skald.core.block.ByteSink;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import io.skald.core.scan.EntryIdentity;
import io.skald.core.scan.Tally;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Lines and bytes per minute and level of each chunk, while a segment is written. Confined to one thread. */
final class CountersWriter {
    private final Map<String, Integer> levels = new LinkedHashMap<>();
    private final List<byte[]> chunks = new ArrayList<>();
    private final ByteSink cells = new ByteSink(4 << 10);
    private long minute;
    private long lastMinute;
    private boolean any;
    private long[] lines = new long[8];
    private long[] bytes = new long[8];
    /** Names of metadata beside the level, numbered in order of appearance. */
    private final Map<String, Integer> names = new LinkedHashMap<>();

    private final List<BitSet> namesOfChunks = new ArrayList<>();
    private BitSet namesOfChunk = new BitSet();
    private Labels lastMetadata = Labels.EMPTY;
    private int lastLevel;

    CountersWriter() {
        levels.put("", 0);
    }

    /** Begins the next chunk. */
    void begin() {
        cells.reset();
        any = false;
        namesOfChunk = new BitSet();
        lastMetadata = Labels.EMPTY;
        lastLevel = 0;
    }

    /** Rows of the chunk, in order of time. */
    void add(EntryBatch batch, int[] rows) {
        for (int row : rows) {
            add(batch.timestampNanos(row), batch.length(row), batch.metadata(row));
        }
    }

    /** All rows of a block, in order of time. */
    void add(RawBlock raw) {
        int rows = raw.block.rows();
        List<String> values = raw.levels.values();
        int[] numbers = raw.levels.numbers();
        int[] levelOf = new int[values.size() + 1];
        for (int i = 0; i < values.size(); i++) {
            levelOf[i + 1] = level(values.get(i));
        }
        for (int i = 0; i < rows; ) {
            long m = Tally.minuteOf(raw.times[i]);
            if (m != minute || !any) {
                beginMinute(m);
            }
            int end = endOfMinute(raw.times, i, rows, (m + 1) * Tally.MINUTE_NANOS);
            if (numbers == null) {
                lines[0] += end - i;
                bytes[0] += raw.offsets[end] - raw.offsets[i];
            } else {
                count(numbers, raw.offsets, i, end, levelOf, lines, bytes);
            }
            i = end;
        }
    }

    /** The first row that is later than the end of a minute. All are of one day: differences do not overflow where the end itself may. */
    private static int endOfMinute(long[] times, int from, int rows, long endNanos) {
        if (times[rows - 1] - endNanos <= 0) {
            return rows;
        }
        int i = from;
        while (times[i] - endNanos <= 0) {
            i++;
        }
        return i;
    }

    private static void count(
            int[] numbers, int[] offsets, int from, int to, int[] levelOf, long[] lines, long[] bytes) {
        for (int i = from; i < to; i++) {
            int level = levelOf[numbers[i]];
            lines[level]++;
            bytes[level] += offsets[i + 1] - offsets[i];
        }
    }

    /** A row of the chunk, in order of time. */
    @SuppressWarnings("ReferenceEquality") // saves work, and equal ones that are not the same only do it again
    private void add(long timestampNanos, int length, Labels metadata) {
        long m = Tally.minuteOf(timestampNanos);
        if (m != minute || !any) {
            beginMinute(m);
        }
        // rows often share an instance, and almost always their level
        if (metadata != lastMetadata) {
            lastMetadata = metadata;
            lastLevel = level(metadata.getOrEmpty(EntryIdentity.DETECTED_LEVEL));
            addNames(metadata);
        }
        lines[lastLevel]++;
        bytes[lastLevel] += length;
    }

    private void beginMinute(long m) {
        if (any) {
            endMinute();
        } else {
            any = true;
            cells.zigzag(m);
            lastMinute = m;
        }
        minute = m;
    }

    private void addNames(Labels metadata) {
        for (int i = 0; i < metadata.size(); i++) {
            addName(metadata.name(i));
        }
    }

    /** Some metadata of the chunk has this name. */
    void addName(String name) {
        if (!name.equals(EntryIdentity.DETECTED_LEVEL) && names.size() <= SegmentFormat.MAX_NAMES) {
            Integer known = names.get(name);
            if (known == null) {
                known = names.size();
                names.put(name, known);
            }
            namesOfChunk.set(known);
        }
    }

    private int level(String name) {
        Integer known = levels.get(name);
        if (known != null) {
            return known;
        }
        if (levels.size() == SegmentFormat.MAX_LEVELS) {
            // someone else's label of that name: what is left is counted without a level
            return 0;
        }
        int n = levels.size();
        levels.put(name, n);
        if (n == lines.length) {
            lines = Arrays.copyOf(lines, 2 * n);
            bytes = Arrays.copyOf(bytes, 2 * n);
        }
        return n;
    }

    private void endMinute() {
        int n = 0;
        for (int i = 0; i < levels.size(); i++) {
            n += lines[i] > 0 ? 1 : 0;
        }
        cells.varint(minute - lastMinute);
        cells.varint(n);
        for (int i = 0; i < levels.size(); i++) {
            if (lines[i] > 0) {
                cells.varint(i);
                cells.varint(lines[i]);
                cells.varint(bytes[i]);
                lines[i] = 0;
                bytes[i] = 0;
            }
        }
        lastMinute = minute;
    }

    /** Ends the chunk. */
    void end() {
        endMinute();
        chunks.add(cells.toByteArray());
        namesOfChunks.add(namesOfChunk);
    }

    void encode(ByteSink out) {
        out.varint(levels.size());
        for (String l : levels.keySet()) {
            out.string(l);
        }
        out.varint(chunks.size());
        for (byte[] c : chunks) {
            out.varint(c.length);
            out.bytes(c, 0, c.length);
        }
    }

    /** Appends the names of metadata; false, and nothing is appended, if there are too many. */
    boolean encodeNames(ByteSink out) {
        if (names.size() > SegmentFormat.MAX_NAMES) {
            return false;
        }
        out.varint(names.size());
        for (String n : names.keySet()) {
            out.string(n);
        }
        out.varint(namesOfChunks.size());
        for (BitSet of : namesOfChunks) {
            out.varint(of.cardinality());
            for (int i = of.nextSetBit(0); i >= 0; i = of.nextSetBit(i + 1)) {
                out.varint(i);
            }
        }
        return true;
    }
}
