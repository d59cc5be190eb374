/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.pattern;

/**
 * A line cut into words and what stands between them. The <i>skeleton</i> is a hash of everything that lines of one pattern must share:
 * white space, brackets, quotes and other delimiters, the keys of {@code key=value} and {@code "key":}, and the places of the words. The
 * words are what may vary. Reused from line to line, allocates nothing; confined to one thread.
 */
final class LineShape {
    /** What is looked at of a line; the rest of a longer line varies by definition. */
    static final int MAX_BYTES = 2048;

    static final int MAX_WORDS = 128;

    private static final long PRIME = 0x9E3779B97F4A7C15L;
    private static final long WORD = 0x5bd1e995L;
    private static final long CUT = 0x27d4eb2fL;

    final long[] hashes = new long[MAX_WORDS];
    final int[] starts = new int[MAX_WORDS];
    final int[] ends = new int[MAX_WORDS];

    /** Whether a word has a digit: such words rarely say what a line is about. */
    final boolean[] variable = new boolean[MAX_WORDS];

    int words;
    long skeleton;

    /** Bytes of the line that were taken; fewer than it has when {@link #cut}. */
    int length;

    boolean cut;

    /** Takes a line; word positions are relative to {@code from}. */
    void read(byte[] b, int from, int to) {
        int limit = Math.min(to, from + MAX_BYTES);
        words = 0;
        cut = limit < to;
        long s = PRIME;
        int i = from;
        while (i < limit) {
            if (!Words.begins(b[i])) {
                s = (s ^ (b[i] & 0xff)) * PRIME;
                i++;
                continue;
            }
            int start = i;
            long end = Words.end(b, start, limit, to);
            int seen = (int) (end >>> 32);
            i = (int) end;
            if (i == limit && limit < to || words == MAX_WORDS) {
                // a word of which the end is not known, or one too many
                cut = true;
                i = start;
                break;
            }
            long h = hash(b, start, i);
            if ((seen & (Words.LETTER | Words.DIGIT)) == 0 || isKey(b, from, start, i, to)) {
                s = (s ^ h) * PRIME;
            } else {
                s = (s ^ WORD) * PRIME;
                hashes[words] = h;
                starts[words] = start - from;
                ends[words] = i - from;
                variable[words] = (seen & Words.DIGIT) != 0;
                words++;
            }
            s ^= s >>> 31;
        }
        length = i - from;
        skeleton = s;
        if (cut) {
            markCut();
        }
    }

    /** Makes this the shape of a line that went on behind what was read. */
    void markCut() {
        cut = true;
        skeleton = (skeleton ^ CUT) * PRIME;
    }

    private static long hash(byte[] b, int from, int to) {
        long h = PRIME ^ to - from;
        int i = from;
        for (; i + 8 <= to; i += 8) {
            h = (h ^ (long) Words.LONGS.get(b, i)) * PRIME;
            h ^= h >>> 32;
        }
        long last = 0;
        for (; i < to; i++) {
            last = last << 8 | b[i] & 0xff;
        }
        h = (h ^ last) * PRIME;
        return h ^ h >>> 29;
    }

    private static boolean isKey(byte[] b, int from, int start, int end, int to) {
        if (end == to) {
            return false;
        }
        if (b[end] == '=') {
            return end + 1 == to || b[end + 1] != '=';
        }
        return b[end] == '"' && start > from && b[start - 1] == '"' && end + 1 < to && b[end + 1] == ':';
    }
}
