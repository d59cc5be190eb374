/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pattern;

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

    private static final byte DELIMITER = 0;
    private static final byte PUNCTUATION = 1;
    private static final byte LETTER = 2;
    private static final byte DIGIT = 4;

    /** The kind of each byte: what joins names, paths, times and numbers does not end a word. */
    private static final byte[] KINDS = kinds();

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

    private static byte[] kinds() {
        byte[] kinds = new byte[256];
        for (int b = 0; b < 256; b++) {
            if (b >= '0' && b <= '9') {
                kinds[b] = DIGIT;
            } else if (b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= 0x80) {
                kinds[b] = LETTER;
            } else if ("._-:/@#$%*+~^".indexOf(b) >= 0) {
                kinds[b] = PUNCTUATION;
            }
        }
        return kinds;
    }

    /** Takes a line; word positions are relative to {@code from}. */
    void read(byte[] b, int from, int to) {
        int limit = Math.min(to, from + MAX_BYTES);
        words = 0;
        cut = limit < to;
        long s = PRIME;
        int i = from;
        while (i < limit) {
            if (KINDS[b[i] & 0xff] == DELIMITER || b[i] == ':') {
                s = (s ^ (b[i] & 0xff)) * PRIME;
                i++;
                continue;
            }
            int start = i;
            long h = PRIME;
            int seen = 0;
            boolean path = false;
            boolean parameters = false;
            while (i < limit) {
                byte c = b[i];
                byte kind = KINDS[c & 0xff];
                if (kind == DELIMITER) {
                    parameters |= path && c == '?';
                    if (!(parameters && (c == '?' || c == '=' || c == '&')) && !groupsDigits(b, i, start, limit)) {
                        break;
                    }
                }
                if ((c == ':' || c == '.') && endsWord(b, i, start, to)) {
                    break;
                }
                path |= c == '/';
                seen |= kind;
                h = (h ^ (c & 0xff)) * PRIME;
                i++;
            }
            if (i == limit && limit < to || words == MAX_WORDS) {
                // a word of which the end is not known, or one too many
                cut = true;
                i = start;
                break;
            }
            h ^= h >>> 29;
            if ((seen & (LETTER | DIGIT)) == 0 || isKey(b, from, start, i, to)) {
                s = (s ^ h) * PRIME;
            } else {
                s = (s ^ WORD) * PRIME;
                hashes[words] = h;
                starts[words] = start - from;
                ends[words] = i - from;
                variable[words] = (seen & DIGIT) != 0;
                words++;
            }
            s ^= s >>> 31;
        }
        length = i - from;
        skeleton = cut ? (s ^ CUT) * PRIME : s;
    }

    /** A comma between digits: 1,234 or a list of numbers. */
    private static boolean groupsDigits(byte[] b, int i, int start, int limit) {
        return b[i] == ','
                && i > start
                && i + 1 < limit
                && KINDS[b[i - 1] & 0xff] == DIGIT
                && KINDS[b[i + 1] & 0xff] == DIGIT;
    }

    /** Whether a colon or full stop stands behind a word rather than in it. */
    private static boolean endsWord(byte[] b, int i, int start, int to) {
        return i > start && (i + 1 == to || KINDS[b[i + 1] & 0xff] == DELIMITER);
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
