/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.wire;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** The rules of {@link LevelDetector} in their plainest form, byte by byte: what it is tested against. */
final class PlainLevels {
    private static final String UNKNOWN = "unknown";
    private static final String[] KEYS = {
        "level", "LEVEL", "Level", "log.level", "severity", "SEVERITY", "Severity", "SeverityText", "lvl", "LVL", "Lvl"
    };
    private static final byte[][] KEY_BYTES = bytes(KEYS);

    /** Spelling and level; in lower case. */
    private static final String[][] LEVELS = {
        {"info", "info"},
        {"error", "error"},
        {"warn", "warn"},
        {"debug", "debug"},
        {"warning", "warn"},
        {"err", "error"},
        {"trace", "trace"},
        {"critical", "critical"},
        {"fatal", "fatal"},
        {"information", "info"},
        {"inf", "info"},
        {"wrn", "warn"},
        {"dbg", "debug"},
        {"trc", "trace"},
    };

    private static final byte[][] LEVEL_BYTES = bytes(spellings());
    /** How many of the spellings are looked for as words of a line. */
    private static final int WORDS = 9;

    private PlainLevels() {}

    private static byte[][] bytes(String[] strings) {
        byte[][] b = new byte[strings.length][];
        for (int i = 0; i < b.length; i++) {
            b[i] = strings[i].getBytes(StandardCharsets.US_ASCII);
        }
        return b;
    }

    private static String[] spellings() {
        String[] s = new String[LEVELS.length];
        for (int i = 0; i < s.length; i++) {
            s[i] = LEVELS[i][0];
        }
        return s;
    }

    /** The level of a line; {@code unknown} if there is no telling. */
    static String ofLine(byte[] b, int offset, int length, int maxJsonDepth) {
        int end = offset + length;
        int start = offset;
        while (start < end && b[start] <= ' ' && b[start] >= 0) {
            start++;
        }
        String found = null;
        if (start < end && b[start] == '{') {
            found = json(b, start, end, maxJsonDepth);
        } else if (start < end) {
            found = logfmt(b, start, end);
        }
        return found != null ? found : words(b, start, end);
    }

    /** The level with this spelling, in any case, among the first {@code of}; null for none. */
    private static @Nullable String level(byte[] b, int from, int to, int of) {
        for (int i = 0; i < of; i++) {
            byte[] l = LEVEL_BYTES[i];
            if (l.length == to - from && sameIgnoringCase(b, from, l)) {
                return LEVELS[i][1];
            }
        }
        return null;
    }

    private static boolean sameIgnoringCase(byte[] b, int from, byte[] lower) {
        for (int i = 0; i < lower.length; i++) {
            byte c = b[from + i];
            if ((c >= 'A' && c <= 'Z' ? c + 32 : c) != lower[i]) {
                return false;
            }
        }
        return true;
    }

    private static boolean isKey(byte[] b, int from, int to) {
        int n = to - from;
        if (n < 3 || n > 12) {
            return false;
        }
        for (byte[] key : KEY_BYTES) {
            if (key.length == n && java.util.Arrays.equals(b, from, to, key, 0, n)) {
                return true;
            }
        }
        return false;
    }

    private static @Nullable String json(byte[] b, int start, int end, int maxDepth) {
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
                    i = closing(b, from, end);
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
                        String l = level(b, from, i, LEVELS.length);
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

    private static int closing(byte[] b, int from, int end) {
        for (int i = from; i < end; i++) {
            if (b[i] == '\\') {
                i++;
            } else if (b[i] == '"') {
                return i;
            }
        }
        return -1;
    }

    private static @Nullable String logfmt(byte[] b, int start, int end) {
        int word = start;
        for (int i = start; i < end; i++) {
            byte c = b[i];
            if (c == '=') {
                int from = i + 1;
                int to;
                if (from < end && b[from] == '"') {
                    to = closing(b, ++from, end);
                    if (to < 0) {
                        return null;
                    }
                } else {
                    to = from;
                    while (to < end && b[to] != ' ' && b[to] != '\t' && b[to] != '\n') {
                        to++;
                    }
                }
                if (isKey(b, word, i)) {
                    String l = level(b, from, to, LEVELS.length);
                    if (l != null) {
                        return l;
                    }
                }
                i = to;
                word = to + 1;
            } else if (c == ' ' || c == '\t' || c == '\n') {
                word = i + 1;
            }
        }
        return null;
    }

    private static String words(byte[] b, int start, int end) {
        int from = -1;
        for (int i = start; i <= end; i++) {
            boolean part = i < end && wordPart(b[i]);
            if (part) {
                from = from < 0 ? i : from;
            } else if (from >= 0) {
                if (i - from >= 3 && i - from <= 8) {
                    String l = level(b, from, i, WORDS);
                    if (l != null) {
                        return l;
                    }
                }
                from = -1;
            }
        }
        return UNKNOWN;
    }

    private static boolean wordPart(byte c) {
        return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c < 0;
    }
}
