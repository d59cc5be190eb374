/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.engine;

import io.skald.core.model.Labels;
import io.skald.core.model.Matcher;
import io.skald.logql.parser.Parser;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Optional;

/** Where a query goes on that was answered in part. */
public sealed interface Resume {
    /** Lines from this time on, in the direction of the query. */
    record LinesFrom(long nanos) implements Resume {}

    /** The steps up to this one. */
    record StepsUntil(long nanos) implements Resume {}

    /** The series behind one, over the same steps; then the steps before these. */
    record SeriesBehind(long startNanos, long endNanos, Labels last) implements Resume {}

    /** An opaque text for clients. */
    default String encode() {
        String text = switch (this) {
            case LinesFrom l -> "l " + l.nanos;
            case StepsUntil s -> "t " + s.nanos;
            case SeriesBehind s -> "s " + s.startNanos + " " + s.endNanos + " " + s.last;
        };
        return Base64.getUrlEncoder().withoutPadding().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Reads what {@link #encode} wrote; nothing if the text is not of its making. */
    static Optional<Resume> decode(String text) {
        try {
            String plain = new String(Base64.getUrlDecoder().decode(text), StandardCharsets.UTF_8);
            String[] parts = plain.split(" ", 4);
            return switch (parts[0]) {
                case "l" -> Optional.of(new LinesFrom(Long.parseLong(parts[1])));
                case "t" -> Optional.of(new StepsUntil(Long.parseLong(parts[1])));
                case "s" ->
                    Optional.of(new SeriesBehind(Long.parseLong(parts[1]), Long.parseLong(parts[2]), labels(parts[3])));
                default -> Optional.empty();
            };
        } catch (IllegalArgumentException | ArrayIndexOutOfBoundsException | io.skald.core.model.RequestException e) {
            return Optional.empty();
        }
    }

    private static Labels labels(String text) {
        Labels.Builder b = new Labels.Builder();
        List<Matcher> matchers = Parser.parseMatchers(text);
        matchers.forEach(m -> b.set(m.name(), m.value()));
        return b.build();
    }
}
