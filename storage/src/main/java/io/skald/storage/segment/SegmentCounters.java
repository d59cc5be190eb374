/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.segment;

import io.skald.core.block.BlockFormat;
import io.skald.core.block.ByteSource;
import io.skald.core.model.StoreException;
import io.skald.core.model.StoreException.CorruptData;
import io.skald.storage.SegmentStore;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The counters of all chunks of a segment, each decoded when it is asked for. Immutable. */
final class SegmentCounters {
    private static final int MAX_LEVEL_LENGTH = 1 << 20;

    private final String object;
    private final byte[] section;
    private final String[] levels;
    private final int[] begins;
    private final int[] ends;
    /** Of each chunk; null if the segment does not say. */
    private final @Nullable List<Set<String>> names;

    private SegmentCounters(
            String object,
            byte[] section,
            String[] levels,
            int[] begins,
            int[] ends,
            @Nullable List<Set<String>> names) {
        this.names = names;
        this.object = object;
        this.section = section;
        this.levels = levels;
        this.begins = begins;
        this.ends = ends;
    }

    static SegmentCounters read(
            SegmentStore store, String key, long limit, SegmentDirectory directory, SegmentDirectory.Section section)
            throws StoreException {
        SegmentDirectory.Section names = directory.names;
        int chunks = directory.chunks.size();
        return decode(
                "segment " + key + " counters",
                section.read(store, key, limit),
                chunks,
                names == null ? null : names("segment " + key + " names", names.read(store, key, limit), chunks));
    }

    private static List<Set<String>> names(String object, byte[] section, int chunks) throws CorruptData {
        ByteSource in = new ByteSource(object, section, 0, section.length, 0);
        String[] names = new String[in.count("names", SegmentFormat.MAX_NAMES)];
        for (int i = 0; i < names.length; i++) {
            names[i] = in.string("name", BlockFormat.MAX_HEADER_LENGTH);
        }
        int n = in.count("chunks", chunks);
        if (n != chunks) {
            throw in.corrupt("names of " + n + " chunks, the segment has " + chunks);
        }
        List<Set<String>> of = new ArrayList<>(n);
        Set<String> last = Set.of();
        for (int i = 0; i < n; i++) {
            Set<String> s = new HashSet<>();
            for (int k = in.count("names of a chunk", names.length); k > 0; k--) {
                s.add(names[in.count("name", names.length - 1)]);
            }
            // chunks mostly have the same
            last = s.equals(last) ? last : Set.copyOf(s);
            of.add(last);
        }
        in.expectEnd();
        return of;
    }

    private static SegmentCounters decode(String object, byte[] section, int chunks, @Nullable List<Set<String>> names)
            throws CorruptData {
        ByteSource in = new ByteSource(object, section, 0, section.length, 0);
        String[] levels = new String[in.count("levels", SegmentFormat.MAX_LEVELS)];
        for (int i = 0; i < levels.length; i++) {
            levels[i] = in.string("level", MAX_LEVEL_LENGTH);
        }
        int n = in.count("chunks", chunks);
        if (n != chunks) {
            throw in.corrupt("counters of " + n + " chunks, the segment has " + chunks);
        }
        int[] begins = new int[n];
        int[] ends = new int[n];
        for (int i = 0; i < n; i++) {
            int length = in.count("counters length", in.remaining());
            begins[i] = in.position();
            in.skip(length);
            ends[i] = in.position();
        }
        in.expectEnd();
        return new SegmentCounters(object, section, levels, begins, ends, names);
    }

    long weight() {
        return section.length + 8L * begins.length + 1024;
    }

    MinuteCounters chunk(int i) throws CorruptData {
        Numbers in = new Numbers(new ByteSource(object, section, begins[i], ends[i] - begins[i], begins[i]));
        // a cell takes three bytes at least, and most take more
        int room = in.source.remaining() / 5 + 4;
        long[] minutes = new long[room];
        int[] numbers = new int[room];
        long[] lines = new long[room];
        long[] bytes = new long[room];
        int size = 0;
        long minute = ByteSource.unzigzag(in.next());
        while (in.more()) {
            minute += in.next();
            long n = in.upTo("levels of a minute", levels.length);
            if (size + n > room) {
                room = (int) n + room * 2;
                minutes = Arrays.copyOf(minutes, room);
                numbers = Arrays.copyOf(numbers, room);
                lines = Arrays.copyOf(lines, room);
                bytes = Arrays.copyOf(bytes, room);
            }
            for (; n > 0; n--) {
                minutes[size] = minute;
                numbers[size] = (int) in.upTo("level", levels.length - 1L);
                lines[size] = in.upTo("lines", Integer.MAX_VALUE);
                bytes[size++] = in.next();
            }
        }
        return new MinuteCounters(levels, size, minutes, numbers, lines, bytes, names == null ? null : names.get(i));
    }

    /** Varints to the end of a source, decoded some hundreds at a time. */
    private static final class Numbers {
        private final ByteSource source;
        private final long[] some = new long[512];
        private int at;
        private int end;

        Numbers(ByteSource source) {
            this.source = source;
        }

        boolean more() throws CorruptData {
            if (at == end) {
                at = 0;
                end = source.someVarints(some);
            }
            return end > 0;
        }

        long next() throws CorruptData {
            if (!more()) {
                throw source.corrupt("ends within a cell");
            }
            return some[at++];
        }

        long upTo(String what, long max) throws CorruptData {
            long v = next();
            if (v < 0 || v > max) {
                throw source.corrupt(what + " " + Long.toUnsignedString(v) + " exceeds " + max);
            }
            return v;
        }
    }
}
