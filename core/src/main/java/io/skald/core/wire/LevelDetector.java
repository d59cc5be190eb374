/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.wire;

import io.skald.core.model.Labels;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Finds out the level of an entry: from a label or metadata that names it, else from a key of the line if it is JSON or logfmt, else from
 * the first word in the line that is a level. Works on the bytes, most of them eight at a time or by one look into a table; allocates
 * nothing for a line. Immutable and thread-safe.
 */
public final class LevelDetector {
    /** The metadata that says what was found. */
    public static final String LABEL = "detected_level";

    private static final String UNKNOWN = "unknown";
    private static final String[] KEYS = {
        "level", "LEVEL", "Level", "log.level", "severity", "SEVERITY", "Severity", "SeverityText", "lvl", "LVL", "Lvl"
    };
    private static final byte[][] KEY_BYTES = bytes(KEYS);
    /** What all keys end with: the last five bits of three letters. */
    private static final int VEL = three("vel");

    private static final int LVL = three("lvl");
    private static final int ITY = three("ity");
    private static final int EXT = three("ext");

    /** Metadata that holds nothing but a level: one object for each of those that are found out. */
    private static final Labels[] FOUND = Stream.of(
                    "info", UNKNOWN, "error", "warn", "debug", "trace", "fatal", "critical")
            .map(l -> Labels.of(LABEL, l))
            .toArray(Labels[]::new);

    private static final Labels NOT_FOUND = labels(UNKNOWN);
    private static final byte[] INFORMATION = "information".getBytes(StandardCharsets.US_ASCII);

    /** The words for levels in a line, and what else is one as the value of a key. */
    private static final Spellings WORDS = new Spellings(
            "err",
            "error",
            "info",
            "info",
            "warn",
            "warn",
            "error",
            "error",
            "debug",
            "debug",
            "trace",
            "trace",
            "fatal",
            "fatal",
            "warning",
            "warn",
            "critical",
            "critical");

    private static final Spellings SHORT =
            new Spellings("err", "error", "inf", "info", "wrn", "warn", "dbg", "debug", "trc", "trace");

    /** Of each byte: whether it can be part of a word. */
    private static final boolean[] IN_WORDS = inWords();

    private static final long ONES = 0x0101010101010101L;
    private static final long SEVENS = 0x7f * ONES;
    private static final long HIGHS = ~SEVENS;
    private static final long EQUAL_SIGNS = '=' * ONES;

    /**
     * A pair of letters of each level that is looked for as a word, and how many letters are before it in the word: those that {@link #noPairs} finds.
     */
    private static final String[] PAIRS = {"tr0", "fa0", "cr0", "rr1", "fo2", "rn2", "bu2"};
    /** By the last five bits of two bytes, the place of the pair in its word; -1 if they are none. */
    private static final byte[] PLACES = places();

    private LevelDetector() {}

    private static byte[][] bytes(String[] strings) {
        byte[][] b = new byte[strings.length][];
        for (int i = 0; i < b.length; i++) {
            b[i] = strings[i].getBytes(StandardCharsets.US_ASCII);
        }
        return b;
    }

    /** Up to eight bytes as a number, letters in lower case. What is no letter stays none, so nothing else becomes equal to a spelling. */
    private static long packed(byte[] b, int from, int to) {
        long v = 0;
        for (int i = from; i < to; i++) {
            v = v << 8 | (b[i] | 0x20) & 0xff;
        }
        return v;
    }

    private static boolean[] inWords() {
        boolean[] t = new boolean[256];
        for (int c = 0; c < 256; c++) {
            boolean letter = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z';
            t[c] = letter || c >= '0' && c <= '9' || c == '_' || c >= 0x80;
        }
        return t;
    }

    private static byte[] places() {
        byte[] t = new byte[1 << 10];
        Arrays.fill(t, (byte) -1);
        for (String p : PAIRS) {
            t[two(p.charAt(0), p.charAt(1))] = (byte) (p.charAt(2) - '0');
        }
        return t;
    }

    private static int two(int a, int b) {
        return (a & 0x1f) << 5 | b & 0x1f;
    }

    /** Metadata that holds nothing but a level. */
    static Labels labels(String level) {
        for (Labels l : FOUND) {
            if (l.value(0).equals(level)) {
                return l;
            }
        }
        return Labels.of(LABEL, level);
    }

    /** The level that labels name themselves, as it is written there; null if none do. */
    public static @Nullable String named(Labels labels) {
        if (labels.isEmpty()) {
            return null;
        }
        for (String key : KEYS) {
            String v = labels.get(key.equals("log.level") ? "log_level" : key);
            if (v != null) {
                return v;
            }
        }
        return null;
    }

    /** The level of an OpenTelemetry severity: the number if there is one, else the text; null if neither is known. */
    static @Nullable String ofSeverity(Labels metadata) {
        String number = metadata.get("severity_number");
        if (number != null && number.matches("[0-9]{1,2}")) {
            return switch ((Integer.parseInt(number) + 3) / 4) {
                case 1 -> "trace";
                case 2 -> "debug";
                case 3 -> "info";
                case 4 -> "warn";
                case 5 -> "error";
                case 6 -> "fatal";
                default -> null;
            };
        }
        String text = metadata.get("severity_text");
        if (text == null) {
            return null;
        }
        byte[] b = text.toLowerCase(Locale.ROOT).getBytes(StandardCharsets.UTF_8);
        Labels level = level(b, 0, b.length);
        return level == null ? null : level.value(0);
    }

    /**
     * Metadata with the level of its entry.
     *
     * @param ofStream the level that the stream's labels name, null for none
     * @param maxJsonDepth how deep in a line of JSON a level is looked for
     */
    public static Labels withLevel(
            @Nullable String ofStream, Labels metadata, byte[] line, int offset, int length, int maxJsonDepth) {
        if (metadata.isEmpty()) {
            return ofStream != null ? labels(ofStream) : find(line, offset, length, maxJsonDepth);
        }
        if (metadata.has(LABEL)) {
            return metadata;
        }
        String level = ofStream != null ? ofStream : named(metadata);
        if (level == null) {
            level = ofSeverity(metadata);
        }
        if (level == null) {
            level = ofLine(line, offset, length, maxJsonDepth);
        }
        return metadata.toBuilder().set(LABEL, level).build();
    }

    /** Whether metadata leaves it to the line what level an entry has. */
    static boolean dependsOnLine(Labels metadata) {
        return !metadata.has(LABEL) && named(metadata) == null && ofSeverity(metadata) == null;
    }

    /** The level of a line; {@code unknown} if there is no telling. */
    public static String ofLine(byte[] b, int offset, int length, int maxJsonDepth) {
        return find(b, offset, length, maxJsonDepth).value(0);
    }

    private static Labels find(byte[] b, int offset, int length, int maxJsonDepth) {
        int end = offset + length;
        int start = offset;
        while (start < end && b[start] <= ' ' && b[start] >= 0) {
            start++;
        }
        if (start == end || b[start] != '{') {
            return words(b, start, end, true);
        }
        Labels found = json(b, start, end, maxJsonDepth);
        return found != null ? found : words(b, start, end, false);
    }

    /** The level with this spelling, in any case; null for none. */
    private static @Nullable Labels level(byte[] b, int from, int to) {
        int n = to - from;
        if (n < 3 || n > 11) {
            return null;
        }
        if (n == 3) {
            return SHORT.level(packed(b, from, to));
        }
        if (n == 11) {
            for (int i = 0; i < n; i++) {
                if ((b[from + i] | 0x20) != INFORMATION[i]) {
                    return null;
                }
            }
            return FOUND[0];
        }
        return n > Long.BYTES ? null : WORDS.level(packed(b, from, to));
    }

    private static boolean isKey(byte[] b, int from, int to) {
        int n = to - from;
        if (n < 3 || n > 12 || !endsKey(b[to - 1])) {
            return false;
        }
        for (byte[] key : KEY_BYTES) {
            if (key.length == n && Arrays.equals(b, from, to, key, 0, n)) {
                return true;
            }
        }
        return false;
    }

    /** Whether a key that names a level can end so. */
    private static boolean endsKey(byte c) {
        int lower = c | 0x20;
        return lower == 'l' || lower == 'y' || lower == 't';
    }

    /** Whether a key that names a level can end where something does. */
    private static boolean endsKey(byte[] b, int start, int end) {
        if (end - start < 3) {
            return false;
        }
        int last = (b[end - 3] & 0x1f) << 10 | (b[end - 2] & 0x1f) << 5 | b[end - 1] & 0x1f;
        return last == VEL || last == LVL || last == ITY || last == EXT;
    }

    private static int three(String s) {
        return (s.charAt(0) & 0x1f) << 10 | (s.charAt(1) & 0x1f) << 5 | s.charAt(2) & 0x1f;
    }

    private static @Nullable Labels json(byte[] b, int start, int end, int maxDepth) {
        int depth = 0;
        int keyFrom = -1;
        int keyTo = -1;
        for (int i = start; i < end; i++) {
            switch (b[i]) {
                case '{', '[' -> {
                    depth++;
                    keyFrom = -1;
                }
                case '}', ']' -> {
                    depth--;
                    keyFrom = -1;
                }
                case ',' -> keyFrom = -1;
                case '"' -> {
                    int from = i + 1;
                    i = ByteSearch.closingQuote(b, from, end);
                    if (i < 0) {
                        return null;
                    }
                    if (keyFrom >= 0 && keyTo < 0) {
                        return null;
                    }
                    if (keyFrom < 0) {
                        int colon = skipSpace(b, i + 1, end);
                        if (colon < end && b[colon] == ':' && depth <= maxDepth) {
                            keyFrom = from;
                            keyTo = i;
                            i = colon;
                        }
                    } else if (isKey(b, keyFrom, keyTo)) {
                        Labels l = level(b, from, i);
                        if (l != null) {
                            return l;
                        }
                        keyFrom = -1;
                    } else {
                        keyFrom = -1;
                    }
                }
                default -> {}
            }
        }
        return null;
    }

    private static int skipSpace(byte[] b, int from, int end) {
        int i = from;
        while (i < end && (b[i] == ' ' || b[i] == '\t')) {
            i++;
        }
        return i;
    }

    private static @Nullable Labels logfmt(byte[] b, int start, int end) {
        int past = start;
        int i = ByteSearch.indexOf(b, start, end, (byte) '=');
        while (i >= 0) {
            int from = i + 1;
            int to = from;
            if (from < end && b[from] == '"') {
                to = ByteSearch.closingQuote(b, ++from, end);
                if (to < 0) {
                    return null;
                }
            } else {
                while (to < end && b[to] != ' ' && b[to] != '\t' && b[to] != '\n') {
                    to++;
                }
            }
            if (keyEndsAt(b, past, i)) {
                Labels l = level(b, from, to);
                if (l != null) {
                    return l;
                }
            }
            past = to + 1;
            i = past < end ? ByteSearch.indexOf(b, past, end, (byte) '=') : -1;
        }
        return null;
    }

    /** Whether what comes before an equals sign, back to white space or to {@code start}, is a key that names a level. */
    private static boolean keyEndsAt(byte[] b, int start, int end) {
        if (end == start || !endsKey(b[end - 1])) {
            return false;
        }
        int word = end;
        // no key is longer
        int least = Math.max(start, end - 13);
        while (word > least && b[word - 1] != ' ' && b[word - 1] != '\t' && b[word - 1] != '\n') {
            word--;
        }
        return isKey(b, word, end);
    }

    /**
     * The level that is a word of a line, if no key names one.
     *
     * @param keys whether to look for keys, too
     */
    private static Labels words(byte[] b, int start, int end, boolean keys) {
        if (end - start <= Long.BYTES) {
            return wordsOfFew(b, start, end, keys);
        }
        long unwanted = keys ? 0 : HIGHS;
        // each byte and the one after it, at eight places; the last of them may be looked at twice
        int last = end - Long.BYTES - 1;
        int i = start;
        while (true) {
            long here = ByteSearch.eight(b, i);
            long none = noPairs(here, ByteSearch.eight(b, i + 1)) & (none(here, EQUAL_SIGNS) | unwanted);
            for (long hit = ~none & HIGHS; hit != 0; hit &= hit - 1) {
                int at = i + (Long.numberOfTrailingZeros(hit) >>> 3);
                if (b[at] != '=') {
                    Labels l = word(b, at, start, end);
                    if (l != null) {
                        return keys ? keyOr(l, b, start, at, end) : l;
                    }
                } else if (i == start || endsKey(b, start, at)) { // a line that begins with a key has more of them
                    Labels l = logfmt(b, start, end);
                    return l != null ? l : words(b, start, end, false);
                }
            }
            if (i == last) {
                return NOT_FOUND;
            }
            i = Math.min(i + Long.BYTES, last);
        }
    }

    private static Labels wordsOfFew(byte[] b, int start, int end, boolean keys) {
        Labels l = keys ? logfmt(b, start, end) : null;
        for (int i = start; l == null && i < end - 1; i++) {
            l = word(b, i, start, end);
        }
        return l != null ? l : NOT_FOUND;
    }

    /** The level that a key names, of which none ends before {@code from}; what was found if there is none. */
    private static Labels keyOr(Labels found, byte[] b, int start, int from, int end) {
        int i = ByteSearch.indexOf(b, from, end, (byte) '=');
        while (i >= 0 && !endsKey(b, start, i)) {
            i = ByteSearch.indexOf(b, i + 1, end, (byte) '=');
        }
        Labels l = i < 0 ? null : logfmt(b, start, end);
        return l != null ? l : found;
    }

    /** The level whose word has the pair that is at a place; null for none. */
    private static @Nullable Labels word(byte[] b, int at, int start, int end) {
        int before = PLACES[two(b[at], b[at + 1])];
        int from = at - before;
        if (before < 0 || from < start || from > start && IN_WORDS[b[from - 1] & 0xff]) {
            return null;
        }
        int to = at + 2;
        while (to < end && IN_WORDS[b[to] & 0xff]) {
            to++;
        }
        return to - from <= Long.BYTES ? WORDS.level(packed(b, from, to)) : null;
    }

    /**
     * The highest bit of each of eight bytes that do not begin one of the pairs. Each of three tests computes from a letter and the one after it a number that is the same for
     * two or three of the pairs, in either case, and for few others (one pair in sixty of usual lines passes one of them).
     */
    private static long noPairs(long here, long after) {
        // fo and rn, rr and tr, fa and cr and bu
        return none(here & 0x4f * ONES ^ after << 2 & 0x3c * ONES, 0x7a * ONES)
                & none(here & 0x59 * ONES ^ after << 1 & 0x3e * ONES, 0x74 * ONES)
                & none(here & 0x5b * ONES ^ after >>> 1 & 0x25 * ONES, 0x62 * ONES);
    }

    /** The highest bit of each of eight bytes that is another than that of a pattern, but for their highest bits. */
    private static long none(long bytes, long pattern) {
        return (bytes & SEVENS ^ pattern) + SEVENS;
    }

    /**
     * Levels by their spellings as numbers, the first letter highest. One look into a table, and no branch of which the compiler could believe that
     * it is never taken: it would compile anew what calls this for each level that comes up later.
     */
    private static final class Spellings {
        private static final int SLOTS = 64;

        private final long[] spellings = new long[SLOTS];
        private final @Nullable Labels[] levels = new @Nullable Labels[SLOTS];
        private final long multiplier;

        Spellings(String... pairs) {
            long m = 1;
            while (!fill(pairs, m)) {
                m += 2;
            }
            multiplier = m;
        }

        private boolean fill(String[] pairs, long m) {
            Arrays.fill(spellings, 0);
            Arrays.fill(levels, null);
            for (int i = 0; i < pairs.length; i += 2) {
                byte[] b = pairs[i].getBytes(StandardCharsets.US_ASCII);
                long v = packed(b, 0, b.length);
                int slot = slot(v, m);
                if (spellings[slot] != 0) {
                    return false;
                }
                spellings[slot] = v;
                levels[slot] = labels(pairs[i + 1]);
            }
            return true;
        }

        private static int slot(long v, long multiplier) {
            return (int) (v * multiplier * 0x9E3779B97F4A7C15L >>> 58);
        }

        @Nullable
        Labels level(long spelling) {
            int slot = slot(spelling, multiplier);
            return spellings[slot] == spelling ? levels[slot] : null;
        }
    }
}
