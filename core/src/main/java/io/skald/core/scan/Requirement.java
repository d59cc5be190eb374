/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.scan;

import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Something that must be true of an entry for it to be of any use to who asked: at least one of the terms holds. A source may use it to skip
 * entries and blocks, and may ignore it: the caller checks every entry that it gets.
 *
 * @param anyOf at least one
 */
public record Requirement(List<Term> anyOf) {
    public Requirement {
        anyOf = List.copyOf(anyOf);
        if (anyOf.isEmpty()) {
            throw new IllegalArgumentException("a requirement without terms");
        }
    }

    public static Requirement of(Term term) {
        return new Requirement(List.of(term));
    }

    /** The line holds these bytes. */
    public static Requirement text(byte[] bytes) {
        return of(new Text(bytes, false));
    }

    /** A condition on one entry. */
    public sealed interface Term {}

    /**
     * The line holds a byte string.
     *
     * @param bytes UTF-8, not to be changed
     * @param ignoreCase whether letters stand for either case, by the simple folding of Unicode
     */
    public record Text(byte[] bytes, boolean ignoreCase) implements Term {
        @Override
        public String toString() {
            return (ignoreCase ? "~" : "") + new String(bytes, StandardCharsets.UTF_8);
        }
    }

    /**
     * The entry's structured metadata has this value, which is not empty. Says nothing of an entry whose stream has a label of that name.
     */
    public record Metadata(String name, String value) implements Term {
        public Metadata {
            if (value.isEmpty()) {
                throw new IllegalArgumentException("no value of " + name);
            }
        }
    }
}
