/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.push;

import io.skald.core.model.ErrorCode;
import io.skald.core.model.Labels;
import io.skald.core.model.MetadataNames;
import io.skald.core.model.Quote;
import io.skald.core.model.RequestException;
import java.util.Map;

/** Reads the labels of a stream as clients send them: {@code {a="b", c="d"}}. Confined to one thread. */
final class LabelParser {
    private final String text;
    private int at;

    private LabelParser(String text) {
        this.text = text;
    }

    /**
     * Parses a label string; an empty one is no labels.
     *
     * @throws RequestException if it is not one; names the column
     */
    static Labels parse(String text) {
        return text.isEmpty() ? Labels.EMPTY : new LabelParser(text).labels();
    }

    /** Labels from names and values; a name that is none is refused as the label string with it would be. */
    static Labels of(Map<String, String> map) {
        Labels labels = Labels.of(map);
        for (int i = 0; i < labels.size(); i++) {
            if (!MetadataNames.isName(labels.name(i))) {
                StringBuilder sb = new StringBuilder("{");
                map.forEach((k, v) -> {
                    sb.append(sb.length() > 1 ? ", " : "").append(k).append('=');
                    Quote.appendQuoted(sb, v);
                });
                return parse(sb.append('}').toString());
            }
        }
        return labels;
    }

    private static boolean nameStart(char c) {
        return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_';
    }

    private static boolean namePart(char c) {
        return nameStart(c) || c >= '0' && c <= '9';
    }

    private Labels labels() {
        Labels.Builder b = new Labels.Builder();
        space();
        expect('{');
        space();
        if (take('}')) {
            return end(b);
        }
        while (true) {
            String name = name();
            space();
            if (at < text.length() && nameStart(text.charAt(at))) {
                int start = at;
                String other = name();
                throw bad(start, "unexpected identifier \"" + other + "\" in label set, expected \"=\"");
            }
            expect('=');
            space();
            String value = value();
            if (b.get(name) != null) {
                throw bad(at, "duplicate label name \"" + name + "\"");
            }
            b.set(name, value);
            space();
            if (take('}')) {
                return end(b);
            }
            expect(',');
            space();
            if (take('}')) {
                return end(b);
            }
        }
    }

    private Labels end(Labels.Builder b) {
        space();
        if (at < text.length()) {
            throw bad(at, "unexpected character: '" + text.charAt(at) + "'");
        }
        return b.build();
    }

    private void space() {
        while (at < text.length() && text.charAt(at) <= ' ') {
            at++;
        }
    }

    private boolean take(char c) {
        if (at < text.length() && text.charAt(at) == c) {
            at++;
            return true;
        }
        return false;
    }

    private void expect(char c) {
        if (!take(c)) {
            throw unexpected();
        }
    }

    private String name() {
        int start = at;
        if (at >= text.length() || !nameStart(text.charAt(at))) {
            throw unexpected();
        }
        while (at < text.length() && namePart(text.charAt(at))) {
            at++;
        }
        return text.substring(start, at);
    }

    private String value() {
        if (take('`')) {
            int start = at;
            int end = text.indexOf('`', at);
            if (end < 0) {
                throw bad(start - 1, "unterminated raw string");
            }
            at = end + 1;
            return text.substring(start, end);
        }
        int start = at;
        if (!take('"')) {
            throw unexpected();
        }
        StringBuilder sb = new StringBuilder();
        while (at < text.length()) {
            char c = text.charAt(at++);
            if (c == '"') {
                return sb.toString();
            }
            if (c == '\n') {
                break;
            }
            if (c == '\\') {
                escape(sb, start);
            } else {
                sb.append(c);
            }
        }
        throw bad(start, "unterminated quoted string");
    }

    private void escape(StringBuilder sb, int start) {
        char c = at < text.length() ? text.charAt(at++) : ' ';
        switch (c) {
            case 'n' -> sb.append('\n');
            case 't' -> sb.append('\t');
            case 'r' -> sb.append('\r');
            case 'a' -> sb.append((char) 7);
            case 'b' -> sb.append('\b');
            case 'f' -> sb.append('\f');
            case 'v' -> sb.append((char) 11);
            case '\\', '"', '\'' -> sb.append(c);
            case 'x' -> sb.appendCodePoint(digits(2, 16, start));
            case 'u' -> sb.appendCodePoint(digits(4, 16, start));
            case 'U' -> sb.appendCodePoint(digits(8, 16, start));
            case '0', '1', '2', '3' -> {
                at--;
                sb.appendCodePoint(digits(3, 8, start));
            }
            default -> throw bad(start, "unknown escape sequence in quoted string");
        }
    }

    private int digits(int n, int radix, int start) {
        int v = 0;
        for (int i = 0; i < n; i++) {
            int d = at < text.length() ? Character.digit(text.charAt(at++), radix) : -1;
            if (d < 0 || v > 0x10ffff) {
                throw bad(start, "bad escape sequence in quoted string");
            }
            v = v * radix + d;
        }
        if (v > 0x10ffff) {
            throw bad(start, "bad escape sequence in quoted string");
        }
        return v;
    }

    private RequestException unexpected() {
        if (at >= text.length()) {
            return bad(at, "unexpected end of input inside braces");
        }
        return bad(at, "unexpected character inside braces: '" + Character.toString(text.codePointAt(at)) + "'");
    }

    private static RequestException bad(int at, String what) {
        return new RequestException(
                ErrorCode.BAD_REQUEST, "couldn't parse labels: 1:" + (at + 1) + ": parse error: " + what);
    }
}
