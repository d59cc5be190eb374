/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.api;

import io.skald.core.http.HttpRequest;
import org.jspecify.annotations.Nullable;

/** What a client says of its query in the header {@code X-Query-Tags}: {@code Source=grafana,Dashboard=checkout}. */
final class QueryTags {
    private static final String HEADER = "x-query-tags";

    /** Longest text that is kept, characters. */
    private static final int MAX_LENGTH = 1024;

    private QueryTags() {}

    /**
     * The tags in a form that is safe to write to a log: letters, digits, {@code - = , _ .} and blanks are kept, all else is left out, and what
     * is too long is cut.
     *
     * @return null if there are none
     */
    static @Nullable String of(HttpRequest request) {
        String text = request.header(HEADER);
        return text == null ? null : safe(text);
    }

    static @Nullable String safe(String text) {
        StringBuilder kept = new StringBuilder();
        for (int i = 0; i < text.length() && kept.length() < MAX_LENGTH; i++) {
            char c = text.charAt(i);
            if (c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || "-=, _.".indexOf(c) >= 0) {
                kept.append(c);
            }
        }
        String safe = kept.toString().strip();
        return safe.isEmpty() ? null : safe;
    }
}
