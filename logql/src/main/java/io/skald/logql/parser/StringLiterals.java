/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.parser;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** What a quoted string stands for: escapes as in Go. Bytes given by number that make no UTF-8 become U+FFFD. */
final class StringLiterals {
    private StringLiterals() {}

    /**
     * @param body what is between double quotes
     * @throws IllegalArgumentException at an escape that there is not
     */
    static String unescape(String body) {
        if (body.indexOf('\\') < 0) {
            return body;
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream(body.length());
        int i = 0;
        while (i < body.length()) {
            int backslash = body.indexOf('\\', i);
            int end = backslash < 0 ? body.length() : backslash;
            out.writeBytes(body.substring(i, end).getBytes(StandardCharsets.UTF_8));
            i = backslash < 0 ? end : escape(body, backslash + 1, out);
        }
        return out.toString(StandardCharsets.UTF_8);
    }

    private static int escape(String body, int at, ByteArrayOutputStream out) {
        if (at >= body.length()) {
            throw new IllegalArgumentException("nothing after backslash");
        }
        char c = body.charAt(at);
        switch (c) {
            case 'a' -> out.write(0x07);
            case 'b' -> out.write('\b');
            case 'f' -> out.write('\f');
            case 'n' -> out.write('\n');
            case 'r' -> out.write('\r');
            case 't' -> out.write('\t');
            case 'v' -> out.write(0x0b);
            case '\\', '"' -> out.write(c);
            case 'x' -> {
                out.write(number(body, at + 1, 2, 16));
                return at + 3;
            }
            case 'u' -> {
                codePoint(number(body, at + 1, 4, 16), out);
                return at + 5;
            }
            case 'U' -> {
                codePoint(number(body, at + 1, 8, 16), out);
                return at + 9;
            }
            case '0', '1', '2', '3' -> {
                out.write(number(body, at, 3, 8));
                return at + 3;
            }
            default -> throw new IllegalArgumentException("unknown escape " + c);
        }
        return at + 1;
    }

    private static int number(String body, int from, int digits, int radix) {
        if (from + digits > body.length()) {
            throw new IllegalArgumentException("escape cut short");
        }
        long value = 0;
        for (int i = from; i < from + digits; i++) {
            int digit = Character.digit(body.charAt(i), radix);
            if (digit < 0 || body.charAt(i) > 'f') {
                throw new IllegalArgumentException("not a digit: " + body.charAt(i));
            }
            value = value * radix + digit;
        }
        return value > Character.MAX_CODE_POINT ? -1 : (int) value;
    }

    private static void codePoint(int value, ByteArrayOutputStream out) {
        if (value < 0 || value >= Character.MIN_SURROGATE && value <= Character.MAX_SURROGATE) {
            throw new IllegalArgumentException("not a code point");
        }
        out.writeBytes(Character.toString(value).getBytes(StandardCharsets.UTF_8));
    }
}
