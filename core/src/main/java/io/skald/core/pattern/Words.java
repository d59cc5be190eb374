/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.pattern;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** What a word of a line is: where it ends, and of what it is made. */
final class Words {
    /** In the upper half of {@link #end}: the word has a letter, or a byte beyond ASCII. */
    static final int LETTER = 2;

    /** The word has a digit. */
    static final int DIGIT = 4;

    private static final int PUNCTUATION = 1;
    private static final int PATH = 8;
    private static final int PARAMETERS = 16;

    private static final byte DELIMITER = 0;

    /** A colon or full stop, which may stand in a word or behind it. */
    private static final byte EITHER = -1;

    /** The kind of each byte: what joins names, paths, times and numbers does not end a word. */
    private static final byte[] KINDS = kinds();

    static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private static final long EACH = 0x0101010101010101L;
    private static final long TOP = 0x8080808080808080L;

    private Words() {}

    private static byte[] kinds() {
        byte[] kinds = new byte[256];
        for (int b = 0; b < 256; b++) {
            if (b >= '0' && b <= '9') {
                kinds[b] = DIGIT;
            } else if (b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= 0x80) {
                kinds[b] = LETTER;
            } else if ("_-@#$%*+~^".indexOf(b) >= 0) {
                kinds[b] = PUNCTUATION;
            }
        }
        kinds['/'] = PUNCTUATION | PATH;
        kinds['.'] = EITHER;
        kinds[':'] = EITHER;
        return kinds;
    }

    /** Whether a word may begin with a byte. */
    static boolean begins(byte b) {
        return KINDS[b & 0xff] != DELIMITER && b != ':';
    }

    /**
     * Where the word that begins at {@code start} ends.
     *
     * @param limit where to stop looking, at most {@code to}
     * @param to the end of the line
     * @return the end in the lower 32 bits, what was seen ({@link #LETTER}, {@link #DIGIT} and others) in the upper ones
     */
    static long end(byte[] b, int start, int limit, int to) {
        int i = start;
        int seen = 0;
        while (i < limit) {
            byte c = b[i];
            byte kind = KINDS[c & 0xff];
            if (kind > 0) {
                seen |= kind;
                i++;
                continue;
            }
            if (kind == EITHER) {
                if (i > start && (i + 1 == to || KINDS[b[i + 1] & 0xff] == DELIMITER)) {
                    break;
                }
                seen |= PUNCTUATION;
            } else {
                if (c == '?' && (seen & PATH) != 0) {
                    seen |= PARAMETERS;
                }
                boolean parameter = (seen & PARAMETERS) != 0 && (c == '?' || c == '=' || c == '&');
                if (!parameter && !groupsDigits(b, i, start, limit)) {
                    break;
                }
            }
            i++;
        }
        return (long) seen << 32 | i;
    }

    /**
     * The same, eight bytes at a time.
     *
     * @return the end; -1 if this is no word, as it has neither letters nor digits
     */
    static int skip(byte[] b, int start, int to) {
        int i = start;
        if (KINDS[b[start] & 0xff] >= LETTER && KINDS[b[start] & 0xff] <= DIGIT) {
            while (i < to && i <= b.length - Long.BYTES) {
                long stop = stops((long) LONGS.get(b, i));
                if (stop == 0) {
                    i += Long.BYTES;
                    continue;
                }
                i += Long.numberOfTrailingZeros(stop) >>> 3;
                if (i >= to || KINDS[b[i] & 0xff] <= 0) {
                    return ended(b, start, Math.min(i, to), to);
                }
                i++;
            }
            if (i >= to) {
                return ended(b, start, to, to);
            }
        }
        return slowly(b, start, to);
    }

    /** The highest bit of each byte that is neither a letter nor a digit nor one of {@code -./:}; others may join a word, too. */
    private static long stops(long x) {
        long low = x & ~TOP;
        long folded = low | 0x20 * EACH;
        long letters = folded + (0x80 - 'a') * EACH & ~(folded + (0x7f - 'z') * EACH);
        long digits = low + (0x80 - '-') * EACH & ~(low + (0x7f - ':') * EACH);
        return ~(letters | digits | x) & TOP;
    }

    /** The end of a word behind which there is a delimiter or nothing. */
    private static int ended(byte[] b, int start, int end, int to) {
        if (end < to && (b[end] == '?' || b[end] == ',' && KINDS[b[end - 1] & 0xff] == DIGIT)) {
            // may go on: parameters of a path, or groups of digits
            return slowly(b, start, to);
        }
        return KINDS[b[end - 1] & 0xff] == EITHER && end - 1 > start ? end - 1 : end;
    }

    private static int slowly(byte[] b, int start, int to) {
        long end = end(b, start, to, to);
        return (end >>> 32 & (LETTER | DIGIT)) == 0 ? -1 : (int) end;
    }

    /** A comma between digits: 1,234 or a list of numbers. */
    private static boolean groupsDigits(byte[] b, int i, int start, int limit) {
        return b[i] == ','
                && i > start
                && i + 1 < limit
                && KINDS[b[i - 1] & 0xff] == DIGIT
                && KINDS[b[i + 1] & 0xff] == DIGIT;
    }
}
