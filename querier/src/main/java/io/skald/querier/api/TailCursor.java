/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.api;

import io.skald.core.model.RequestException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import java.util.TreeMap;

/** Where a tail is: the position in the log of every ingester, by its id. As text it is opaque to clients. */
final class TailCursor {
    private static final String VERSION = "1";

    private TailCursor() {}

    static String encode(Map<String, Long> positions) {
        StringBuilder sb = new StringBuilder(VERSION);
        new TreeMap<>(positions)
                .forEach((id, position) ->
                        sb.append('\n').append(position).append(' ').append(id));
        return Base64.getUrlEncoder()
                .withoutPadding()
                .encodeToString(sb.toString().getBytes(StandardCharsets.UTF_8));
    }

    /** @throws RequestException if the text is no cursor */
    static Map<String, Long> decode(String text) {
        try {
            String[] lines = new String(Base64.getUrlDecoder().decode(text), StandardCharsets.UTF_8).split("\n", -1);
            if (!lines[0].equals(VERSION)) {
                throw LimitChecks.bad("invalid cursor: version " + lines[0]);
            }
            Map<String, Long> positions = new TreeMap<>();
            for (int i = 1; i < lines.length; i++) {
                int space = lines[i].indexOf(' ');
                positions.put(lines[i].substring(space + 1), Long.parseLong(lines[i].substring(0, Math.max(space, 0))));
            }
            return positions;
        } catch (IllegalArgumentException e) {
            throw new RequestException(
                    io.skald.core.model.ErrorCode.BAD_REQUEST, "invalid cursor: it must be one that a tail sent", e);
        }
    }
}
