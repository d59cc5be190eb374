/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline.template;

import io.skald.core.model.Quote;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Strings as Go treats them: sequences of bytes. */
final class GoStrings {
    private GoStrings() {}

    /** The value of what stands between double quotes in Go source; null if it is not valid. */
    static @Nullable String unquote(String s) {
        if (s.indexOf('\\') < 0) {
            return s;
        }
        StringBuilder sb = new StringBuilder();
        int i = 0;
        while (i < s.length()) {
            char c = s.charAt(i++);
            if (c != '\\') {
                sb.append(c);
                continue;
            }
            if (i == s.length()) {
                return null;
            }
            char e = s.charAt(i++);
            int digits = switch (e) {
                case 'x' -> 2;
                case 'u' -> 4;
                case 'U' -> 8;
                default -> 0;
            };
            if (digits > 0) {
                int v = hex(s, i, digits);
                if (v < 0 || v > Character.MAX_CODE_POINT) {
                    return null;
                }
                sb.appendCodePoint(v);
                i += digits;
                continue;
            }
            int simple = "abfnrtv\\\"'".indexOf(e);
            if (simple < 0) {
                return null;
            }
            sb.append("\u0007\b\f\n\r\t\u000b\\\"'".charAt(simple));
        }
        return sb.toString();
    }

    private static int hex(String s, int from, int digits) {
        if (from + digits > s.length()) {
            return -1;
        }
        int v = 0;
        for (int i = from; i < from + digits; i++) {
            int d = Character.digit(s.charAt(i), 16);
            if (d < 0) {
                return -1;
            }
            v = v << 4 | d;
        }
        return v;
    }

    /** Length in bytes. */
    static int length(String s) {
        int n = 0;
        for (int i = 0; i < s.length(); i++) {
            char c = s.charAt(i);
            n += c < 0x80 ? 1 : c < 0x800 || Character.isSurrogate(c) ? 2 : 3;
        }
        return n;
    }

    /** The bytes [from, to); cut characters become replacement characters. */
    static String slice(String s, int from, int to) {
        byte[] b = s.getBytes(StandardCharsets.UTF_8);
        return new String(b, from, to - from, StandardCharsets.UTF_8);
    }

    static String quote(String s) {
        return Quote.quote(s);
    }

    static int runes(String s) {
        return s.codePointCount(0, s.length());
    }
}
