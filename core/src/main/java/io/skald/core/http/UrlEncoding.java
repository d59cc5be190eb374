/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.http;

import io.skald.core.model.ErrorCode;
import io.skald.core.model.RequestException;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Percent-decoding of paths, query strings and form bodies. */
final class UrlEncoding {
    private UrlEncoding() {}

    /**
     * Adds the parameters of {@code a=1&b=2} to a map, after those that it holds.
     *
     * @throws RequestException for an escape that is not one
     */
    static void decodeInto(String text, Map<String, List<String>> params) {
        int at = 0;
        while (at <= text.length()) {
            int end = text.indexOf('&', at);
            if (end < 0) {
                end = text.length();
            }
            if (end > at) {
                int eq = text.indexOf('=', at);
                boolean hasValue = eq >= 0 && eq < end;
                String name = decode(text.substring(at, hasValue ? eq : end), true);
                String value = hasValue ? decode(text.substring(eq + 1, end), true) : "";
                params.computeIfAbsent(name, k -> new ArrayList<>(1)).add(value);
            }
            at = end + 1;
        }
    }

    /**
     * Decodes {@code %xx} and, where asked, {@code +} as a space.
     *
     * @throws RequestException for an escape that is not one
     */
    static String decode(String s, boolean plusIsSpace) {
        if (s.indexOf('%') < 0) {
            return plusIsSpace ? s.replace('+', ' ') : s;
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream(s.length());
        byte[] in = s.getBytes(StandardCharsets.UTF_8);
        for (int i = 0; i < in.length; i++) {
            byte c = in[i];
            if (c == '%') {
                int hi = i + 2 < in.length ? Character.digit(in[i + 1], 16) : -1;
                int lo = i + 2 < in.length ? Character.digit(in[i + 2], 16) : -1;
                if (hi < 0 || lo < 0) {
                    String bad = new String(in, i, Math.min(3, in.length - i), StandardCharsets.UTF_8);
                    throw new RequestException(ErrorCode.BAD_REQUEST, "invalid URL escape \"" + bad + "\"");
                }
                out.write(hi << 4 | lo);
                i += 2;
            } else {
                out.write(plusIsSpace && c == '+' ? ' ' : c);
            }
        }
        return out.toString(StandardCharsets.UTF_8);
    }
}
