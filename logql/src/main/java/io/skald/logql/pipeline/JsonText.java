/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline;

import java.nio.charset.StandardCharsets;

/** The inside of JSON strings. */
final class JsonText {
    private JsonText() {}

    /** The text of what stands between the quotes; an escape that is not one is kept as it is written. */
    static String unescape(byte[] b, int from, int length) {
        int end = from + length;
        int i = from;
        while (i < end && b[i] != '\\') {
            i++;
        }
        if (i == end) {
            return new String(b, from, length, StandardCharsets.UTF_8);
        }
        StringBuilder sb = new StringBuilder(length);
        int plain = from;
        while (i < end) {
            if (b[i] != '\\') {
                i++;
                continue;
            }
            sb.append(new String(b, plain, i - plain, StandardCharsets.UTF_8));
            i = appendEscape(b, i, end, sb);
            plain = i;
        }
        return sb.append(new String(b, plain, end - plain, StandardCharsets.UTF_8))
                .toString();
    }

    /** Appends the escape at i and returns what follows it. */
    private static int appendEscape(byte[] b, int i, int end, StringBuilder sb) {
        if (i + 1 == end) {
            sb.append('\\');
            return end;
        }
        int c = b[i + 1];
        switch (c) {
            case '"', '\\', '/' -> sb.append((char) c);
            case 'b' -> sb.append('\b');
            case 'f' -> sb.append('\f');
            case 'n' -> sb.append('\n');
            case 'r' -> sb.append('\r');
            case 't' -> sb.append('\t');
            case 'u' -> {
                int u = hex4(b, i + 2, end);
                if (u >= 0) {
                    sb.append((char) u);
                    return i + 6;
                }
                sb.append('\\');
                return i + 1;
            }
            default -> {
                sb.append('\\');
                return i + 1;
            }
        }
        return i + 2;
    }

    private static int hex4(byte[] b, int at, int end) {
        if (at + 4 > end) {
            return -1;
        }
        int u = 0;
        for (int k = at; k < at + 4; k++) {
            int d = Character.digit(b[k], 16);
            if (d < 0) {
                return -1;
            }
            u = u << 4 | d;
        }
        return u;
    }
}
