/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** The expression of a JSON extraction, {@code a.b[0]["c d"]}. Immutable. */
final class JsonPath {
    /** A step down: a key, or an index where the key is null. */
    private final List<Object> parts;

    private JsonPath(List<Object> parts) {
        this.parts = parts;
    }

    int size() {
        return parts.size();
    }

    boolean isIndex(int i) {
        return parts.get(i) instanceof Integer;
    }

    int index(int i) {
        return (Integer) parts.get(i);
    }

    byte[] key(int i) {
        return (byte[]) parts.get(i);
    }

    /** @throws PipelineException if the expression is not one */
    static JsonPath parse(String expression) {
        List<Object> parts = new ArrayList<>();
        String s = expression.strip();
        int i = 0;
        boolean wantField = true;
        if (s.isEmpty()) {
            throw bad(expression, "unexpected $end, expecting LSB or FIELD");
        }
        while (i < s.length()) {
            char c = s.charAt(i);
            if (c == '[') {
                i = bracket(expression, s, i + 1, parts);
                wantField = false;
            } else if (c == '.' && !wantField) {
                i++;
                wantField = true;
                if (i == s.length() || s.charAt(i) == '.' || s.charAt(i) == '[') {
                    throw bad(expression, i == s.length() ? "unexpected $end, expecting FIELD" : "unexpected DOT");
                }
            } else if (wantField && isFieldChar(c)) {
                int start = i;
                while (i < s.length() && isFieldChar(s.charAt(i))) {
                    i++;
                }
                parts.add(s.substring(start, i).getBytes(StandardCharsets.UTF_8));
                wantField = false;
            } else {
                throw bad(expression, isFieldChar(c) ? "unexpected FIELD" : "unexpected " + c);
            }
        }
        return new JsonPath(List.copyOf(parts));
    }

    private static int bracket(String expression, String s, int from, List<Object> parts) {
        int i = from;
        if (i < s.length() && s.charAt(i) == '"') {
            StringBuilder key = new StringBuilder();
            i++;
            while (i < s.length() && s.charAt(i) != '"') {
                if (s.charAt(i) == '\\' && i + 1 < s.length()) {
                    i++;
                }
                key.append(s.charAt(i++));
            }
            if (i == s.length()) {
                throw bad(expression, "unexpected $end, expecting STRING or INDEX");
            }
            parts.add(key.toString().getBytes(StandardCharsets.UTF_8));
            i++;
        } else {
            int start = i;
            while (i < s.length() && s.charAt(i) >= '0' && s.charAt(i) <= '9' && i - start < 9) {
                i++;
            }
            if (start == i) {
                boolean field = i < s.length() && isFieldChar(s.charAt(i)) && s.charAt(i) != '-';
                throw bad(expression, "unexpected " + (field ? "FIELD" : "$end") + ", expecting STRING or INDEX");
            }
            parts.add(Integer.valueOf(s.substring(start, i)));
        }
        if (i == s.length() || s.charAt(i) != ']') {
            throw bad(expression, "unexpected $end, expecting RSB");
        }
        return i + 1;
    }

    private static boolean isFieldChar(char c) {
        return c != '.' && c != '[' && c != ']' && c != '"' && c > ' ';
    }

    private static PipelineException bad(String expression, String problem) {
        return new PipelineException("cannot parse expression [" + expression + "]: syntax error: " + problem);
    }
}
