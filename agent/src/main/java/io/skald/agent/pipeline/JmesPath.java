/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.pipeline;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The part of JMESPath that picks values: {@code a.b}, {@code "quoted key"}, {@code a[0]}, {@code a[-1]}, {@code a[*].b}, {@code a[]}, {@code a || b},
 * {@code a | b}, {@code @}. Immutable.
 */
final class JmesPath {
    private sealed interface Step {
        record Field(String name) implements Step {}

        record Index(int at) implements Step {}

        record All() implements Step {}

        record Flatten() implements Step {}

        /** Ends a projection. */
        record Pipe() implements Step {}
    }

    private final List<List<Step>> alternatives;

    private JmesPath(List<List<Step>> alternatives) {
        this.alternatives = alternatives;
    }

    /** @throws IllegalArgumentException if it is not such an expression; the message says where */
    static JmesPath parse(String text) {
        return new Reader(text).read();
    }

    /** The value that is picked, or null. */
    @Nullable
    Object of(@Nullable Object root) {
        for (List<Step> steps : alternatives) {
            Object v = apply(root, steps, 0);
            if (v != null && !v.equals("") && !v.equals(false) && !v.equals(List.of()) && !v.equals(Map.of())) {
                return v;
            }
            if (alternatives.size() == 1) {
                return v;
            }
        }
        return null;
    }

    private static @Nullable Object apply(@Nullable Object v, List<Step> steps, int from) {
        Object at = v;
        for (int i = from; i < steps.size(); i++) {
            switch (steps.get(i)) {
                case Step.Field f -> at = at instanceof Map<?, ?> m ? m.get(f.name()) : null;
                case Step.Index x -> {
                    if (!(at instanceof List<?> l)) {
                        return null;
                    }
                    int k = x.at() < 0 ? l.size() + x.at() : x.at();
                    at = k >= 0 && k < l.size() ? l.get(k) : null;
                }
                case Step.All a -> {
                    return project(at, steps, i);
                }
                case Step.Flatten f -> {
                    if (!(at instanceof List<?> l)) {
                        return null;
                    }
                    List<@Nullable Object> flat = new ArrayList<>();
                    for (Object x : l) {
                        if (x instanceof List<?> inner) {
                            flat.addAll(inner);
                        } else {
                            flat.add(x);
                        }
                    }
                    return project(flat, steps, i);
                }
                case Step.Pipe p -> {}
            }
            if (at == null) {
                return null;
            }
        }
        return at;
    }

    /** Applies what follows to every element, up to a pipe. */
    private static @Nullable Object project(@Nullable Object v, List<Step> steps, int at) {
        List<?> elements;
        if (v instanceof List<?> l) {
            elements = l;
        } else if (v instanceof Map<?, ?> m) {
            elements = List.copyOf(m.values());
        } else {
            return null;
        }
        int end = at + 1;
        while (end < steps.size() && !(steps.get(end) instanceof Step.Pipe)) {
            end++;
        }
        List<Object> out = new ArrayList<>();
        for (Object x : elements) {
            Object r = apply(x, steps.subList(0, end), at + 1);
            if (r != null) {
                out.add(r);
            }
        }
        return apply(out, steps, end);
    }

    /** Reads an expression. */
    private static final class Reader {
        private final String text;
        private int at;

        Reader(String text) {
            this.text = text;
        }

        JmesPath read() {
            List<List<Step>> alternatives = new ArrayList<>();
            alternatives.add(path());
            while (at < text.length()) {
                if (!text.startsWith("||", at)) {
                    throw unexpected();
                }
                at += 2;
                alternatives.add(path());
            }
            return new JmesPath(alternatives);
        }

        private List<Step> path() {
            List<Step> steps = new ArrayList<>();
            blanks();
            first(steps);
            while (true) {
                blanks();
                if (at == text.length() || text.startsWith("||", at)) {
                    return steps;
                }
                switch (text.charAt(at)) {
                    case '.' -> {
                        at++;
                        blanks();
                        field(steps);
                    }
                    case '[' -> bracket(steps);
                    case '|' -> {
                        at++;
                        steps.add(new Step.Pipe());
                        blanks();
                        first(steps);
                    }
                    default -> throw unexpected();
                }
            }
        }

        private void first(List<Step> steps) {
            if (at < text.length() && text.charAt(at) == '@') {
                at++;
            } else if (at < text.length() && text.charAt(at) == '[') {
                bracket(steps);
            } else {
                field(steps);
            }
        }

        private void field(List<Step> steps) {
            if (at == text.length()) {
                throw unexpected();
            }
            char c = text.charAt(at);
            if (c == '*') {
                at++;
                steps.add(new Step.All());
            } else if (c == '"') {
                int end = text.indexOf('"', at + 1);
                if (end < 0) {
                    throw unexpected();
                }
                steps.add(new Step.Field(text.substring(at + 1, end)));
                at = end + 1;
            } else {
                int start = at;
                while (at < text.length() && isName(text.charAt(at))) {
                    at++;
                }
                if (at == start || Character.isDigit(text.charAt(start))) {
                    at = start;
                    throw unexpected();
                }
                steps.add(new Step.Field(text.substring(start, at)));
            }
        }

        private void bracket(List<Step> steps) {
            int end = text.indexOf(']', at);
            if (end < 0) {
                throw unexpected();
            }
            String inside = text.substring(at + 1, end).strip();
            if (inside.isEmpty()) {
                steps.add(new Step.Flatten());
            } else if (inside.equals("*")) {
                steps.add(new Step.All());
            } else {
                try {
                    steps.add(new Step.Index(Integer.parseInt(inside)));
                } catch (NumberFormatException e) {
                    throw unexpected();
                }
            }
            at = end + 1;
        }

        private static boolean isName(char c) {
            return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_';
        }

        private void blanks() {
            while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
                at++;
            }
        }

        private IllegalArgumentException unexpected() {
            return new IllegalArgumentException(
                    "'" + text + "' is no JMESPath that is supported here (fields, indexes, [*], [], ||, |), at "
                            + (at == text.length() ? "its end" : "'" + text.substring(at) + "'"));
        }
    }
}
