/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.model;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One condition on a label: {@code name op "value"}. A label that is absent counts as empty. Regular expressions are RE2 syntax, anchored
 * at both ends, and {@code .} matches a line feed too. Immutable and thread-safe.
 */
public final class Matcher {
    /** How a value is compared. */
    public enum Op {
        EQUAL("="),
        NOT_EQUAL("!="),
        REGEX("=~"),
        NOT_REGEX("!~");

        private final String symbol;

        Op(String symbol) {
            this.symbol = symbol;
        }

        public String symbol() {
            return symbol;
        }
    }

    private final String name;
    private final Op op;
    private final String value;
    private final @Nullable Pattern pattern;

    /** @throws PatternSyntaxException if {@code op} is a regular expression and {@code value} is not one */
    public Matcher(String name, Op op, String value) {
        this.name = Objects.requireNonNull(name);
        this.op = Objects.requireNonNull(op);
        this.value = Objects.requireNonNull(value);
        this.pattern = switch (op) {
            case EQUAL, NOT_EQUAL -> null;
            case REGEX, NOT_REGEX -> Regexp.compile("^(?s:" + value + ")$");
        };
    }

    public String name() {
        return name;
    }

    public Op op() {
        return op;
    }

    public String value() {
        return value;
    }

    /** Whether a label value (empty for an absent label) fulfils the condition. */
    public boolean matches(String labelValue) {
        return switch (op) {
            case EQUAL -> value.equals(labelValue);
            case NOT_EQUAL -> !value.equals(labelValue);
            case REGEX -> Objects.requireNonNull(pattern).matches(labelValue);
            case NOT_REGEX -> !Objects.requireNonNull(pattern).matches(labelValue);
        };
    }

    /** Whether a label set fulfils the condition. */
    public boolean matches(Labels labels) {
        return matches(labels.getOrEmpty(name));
    }

    /** Whether an absent label fulfils the condition. */
    public boolean matchesEmpty() {
        return matches("");
    }

    /** Whether all of several conditions hold. */
    public static boolean all(Iterable<Matcher> matchers, Labels labels) {
        for (Matcher m : matchers) {
            if (!m.matches(labels)) {
                return false;
            }
        }
        return true;
    }

    @Override
    public boolean equals(@Nullable Object o) {
        return o instanceof Matcher m && name.equals(m.name) && op == m.op && value.equals(m.value);
    }

    @Override
    public int hashCode() {
        return Objects.hash(name, op, value);
    }

    /** The form that LogQL prints: {@code app=~"web|api"}. */
    @Override
    public String toString() {
        return name + op.symbol() + Quote.quote(value);
    }
}
