/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.pipeline;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.Locale;
import java.util.Set;

/** Finds secrets in lines as bytes, without making anything of lines that have none. Confined to one thread. */
final class Secrets {
    /** Nothing was found. */
    static final long NONE = -1;

    private Secrets() {}

    /** Finds secrets of one kind. */
    interface Finder {
        /**
         * The next secret.
         *
         * @param start of the line
         * @param from where to look from
         * @param end of the line
         * @return where it begins, times 2^32, plus where it ends; or {@link #NONE}
         */
        long find(byte[] b, int start, int from, int end);
    }

    static int begin(long found) {
        return (int) (found >>> 32);
    }

    static int end(long found) {
        return (int) found;
    }

    private static long found(int begin, int end) {
        return (long) begin << 32 | end;
    }

    private static boolean isDigit(byte c) {
        return c >= '0' && c <= '9';
    }

    private static boolean isLetter(byte c) {
        return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z';
    }

    private static boolean isWord(byte c) {
        return isLetter(c) || isDigit(c) || c == '_';
    }

    /**
     * Numbers of payment cards: 13 to 19 digits, the first of them no 0 or 1 (times since 1970 begin with 1), with a right check digit; in one piece, or
     * in groups of at least four with one blank or dash between them, of which the last may be shorter. Digits of a fraction or next to a letter are none.
     * Of numbers side by side all that may be part of one goes.
     */
    static final class Cards implements Finder {
        private static final int MIN = 13;
        private static final int MAX = 19;

        private final byte[] digits = new byte[MAX];

        @Override
        public long find(byte[] b, int start, int from, int end) {
            for (int i = from; i < end; i++) {
                if (!isDigit(b[i])) {
                    continue;
                }
                int last = longest(b, start, i, end);
                if (last > 0) {
                    return found(i, widest(b, start, i, last, end));
                }
                while (i + 1 < end && isDigit(b[i + 1])) {
                    i++;
                }
            }
            return NONE;
        }

        /** Where the last of the numbers ends that overlap with one. */
        private int widest(byte[] b, int start, int from, int last, int end) {
            int wide = last;
            for (int i = from + 1; i < wide; i++) {
                if (isDigit(b[i]) && !isDigit(b[i - 1])) {
                    wide = Math.max(wide, longest(b, start, i, end));
                }
            }
            return wide;
        }

        /** Where the longest number that begins at a place ends, or -1. */
        private int longest(byte[] b, int start, int from, int end) {
            if (b[from] < '2' || from > start && !mayPrecede(b, start, from - 1)) {
                return -1;
            }
            int n = 0;
            int best = -1;
            int i = from;
            while (true) {
                int group = i;
                while (i < end && isDigit(b[i])) {
                    if (n == MAX) {
                        return best;
                    }
                    digits[n++] = (byte) (b[i++] - '0');
                }
                if (n >= MIN && mayFollow(b, i, end) && checks(n)) {
                    best = i;
                }
                boolean goesOn = i + 1 < end && (b[i] == ' ' || b[i] == '-') && isDigit(b[i + 1]);
                if (!goesOn || i - group < 4) {
                    return best;
                }
                i++;
            }
        }

        private static boolean mayPrecede(byte[] b, int start, int i) {
            return !isDigit(b[i]) && !isLetter(b[i]) && !(b[i] == '.' && i > start && isDigit(b[i - 1]));
        }

        private static boolean mayFollow(byte[] b, int i, int end) {
            return i == end || !isLetter(b[i]) && !(b[i] == '.' && i + 1 < end && isDigit(b[i + 1]));
        }

        /** Luhn's check. */
        private boolean checks(int n) {
            int sum = 0;
            boolean twice = false;
            for (int i = n - 1; i >= 0; i--) {
                int d = twice ? digits[i] * 2 : digits[i];
                sum += d > 9 ? d - 9 : d;
                twice = !twice;
            }
            return sum % 10 == 0;
        }
    }

    /** What follows {@code Bearer} and {@code Basic}, JSON web tokens, and ids of AWS keys. */
    static final class Tokens implements Finder {
        private static final int MIN = 8;
        /** Words that people write there. */
        private static final Set<String> WORDS = Set.of(
                "authentication",
                "authorization",
                "authorisation",
                "challenge",
                "credential",
                "credentials",
                "required",
                "realm=");

        @Override
        public long find(byte[] b, int start, int from, int end) {
            int noWebBefore = from;
            for (int i = from; i < end; i++) {
                switch (b[i]) {
                    case 'b', 'B' -> {
                        long token = scheme(b, start, i, end);
                        if (token != NONE) {
                            return token;
                        }
                    }
                    case 'e' -> {
                        if (i >= noWebBefore && beginsWeb(b, start, i, end)) {
                            int last = web(b, i, end);
                            if (last > 0) {
                                return found(i, last);
                            }
                            // what begins in the same part fails as well
                            noWebBefore = part(b, i, end);
                        }
                    }
                    case 'A' -> {
                        if (aws(b, start, i, end)) {
                            return found(i, i + 20);
                        }
                    }
                    default -> {}
                }
            }
            return NONE;
        }

        private static long scheme(byte[] b, int start, int i, int end) {
            boolean bearer = is(b, i, end, "bearer");
            if (!bearer && !is(b, i, end, "basic") || i > start && isWord(b[i - 1])) {
                return NONE;
            }
            int blanks = i + (bearer ? 6 : 5);
            int at = blanks;
            while (at < end && (b[at] == ' ' || b[at] == '\t')) {
                at++;
            }
            int last = at;
            while (last < end && isToken(b[last])) {
                last++;
            }
            if (at == blanks || last - at < MIN) {
                return NONE;
            }
            return bearer ? word(b, at, last) : pair(b, at, last) ? found(at, last) : NONE;
        }

        private static long word(byte[] b, int at, int last) {
            int letters = at;
            while (letters < last && isLetter(b[letters])) {
                letters++;
            }
            int end = last;
            while (end > at && (b[end - 1] == '.' || b[end - 1] == '-')) {
                end--;
            }
            boolean isWord = letters >= end
                    && WORDS.contains(new String(b, at, end - at, StandardCharsets.US_ASCII).toLowerCase(Locale.ROOT));
            return isWord ? NONE : found(at, last);
        }

        /** Whether it is what Basic takes: user, colon and password as Base64. */
        private static boolean pair(byte[] b, int at, int last) {
            try {
                byte[] pair = Base64.getDecoder().decode(Arrays.copyOfRange(b, at, last));
                for (byte c : pair) {
                    if (c == ':') {
                        return true;
                    }
                }
                return false;
            } catch (IllegalArgumentException e) {
                return false; // a word
            }
        }

        private static boolean is(byte[] b, int from, int end, String lower) {
            if (end - from < lower.length()) {
                return false;
            }
            for (int i = 0; i < lower.length(); i++) {
                if ((b[from + i] | 0x20) != lower.charAt(i)) {
                    return false;
                }
            }
            return true;
        }

        private static boolean isToken(byte c) {
            return isWord(c) || c == '.' || c == '~' || c == '+' || c == '/' || c == '=' || c == '-';
        }

        private static boolean beginsWeb(byte[] b, int start, int i, int end) {
            return i + 3 <= end && b[i + 1] == 'y' && b[i + 2] == 'J' && (i == start || !isWord(b[i - 1]));
        }

        /** Where the JSON web token ends that begins at a place, or -1. */
        private static int web(byte[] b, int i, int end) {
            int head = part(b, i + 3, end);
            if (head - i - 3 < 6 || head == end || b[head] != '.') {
                return -1;
            }
            int body = part(b, head + 1, end);
            if (body - head - 1 < 6 || body == end || b[body] != '.') {
                return -1;
            }
            return part(b, body + 1, end);
        }

        private static int part(byte[] b, int from, int end) {
            int i = from;
            while (i < end && (isWord(b[i]) || b[i] == '-')) {
                i++;
            }
            return i;
        }

        private static boolean aws(byte[] b, int start, int i, int end) {
            boolean begins = i + 20 <= end
                    && (b[i + 1] == 'K' || b[i + 1] == 'S')
                    && b[i + 2] == 'I'
                    && b[i + 3] == 'A'
                    && (i == start || !isWord(b[i - 1]))
                    && (i + 20 == end || !isWord(b[i + 20]));
            for (int k = i + 4; begins && k < i + 20; k++) {
                begins = isDigit(b[k]) || b[k] >= 'A' && b[k] <= 'Z';
            }
            return begins;
        }
    }

    /** Addresses of e-mail. */
    static final class Emails implements Finder {
        @Override
        public long find(byte[] b, int start, int from, int end) {
            for (int i = from; i < end; i++) {
                if (b[i] != '@') {
                    continue;
                }
                int begin = i;
                while (begin > from && isLocal(b[begin - 1])) {
                    begin--;
                }
                int last = begin == i ? -1 : domainEnd(b, i + 1, end);
                if (last > 0) {
                    return found(begin, last);
                }
            }
            return NONE;
        }

        private static boolean isLocal(byte c) {
            return isWord(c) || c == '.' || c == '%' || c == '+' || c == '-';
        }

        /** Where a domain ends whose last part is two letters or more, or -1. */
        private static int domainEnd(byte[] b, int from, int end) {
            int best = -1;
            int i = from;
            boolean first = true;
            while (true) {
                int label = i;
                int letters = i;
                while (i < end && (isLetter(b[i]) || isDigit(b[i]) || b[i] == '-')) {
                    if (letters == i && isLetter(b[i])) {
                        letters++;
                    }
                    i++;
                }
                if (i == label) {
                    return best;
                }
                if (!first && letters - label >= 2) {
                    best = letters;
                }
                first = false;
                if (i + 1 >= end || b[i] != '.') {
                    return best;
                }
                i++;
            }
        }
    }
}
