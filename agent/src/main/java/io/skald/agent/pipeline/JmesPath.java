/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.pipeline;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** An expression of JMESPath: it picks and computes values of what {@link Values#parseJson} gives. Immutable. */
final class JmesPath {
    /** A comparison. */
    enum Comparison {
        EQUAL,
        NOT_EQUAL,
        LESS,
        LESS_OR_EQUAL,
        GREATER,
        GREATER_OR_EQUAL
    }

    /** A part of an expression, which is applied to a value. */
    sealed interface Node {
        /** {@code @} */
        record Current() implements Node {}

        record Field(String name) implements Node {}

        record Index(int at) implements Node {}

        record Slice(@Nullable Integer start, @Nullable Integer stop, int step) implements Node {}

        record Literal(@Nullable Object value) implements Node {}

        /** {@code left.right}, {@code left[1]}, {@code left | right}. */
        record Chain(Node left, Node right) implements Node {}

        record Flatten(Node left) implements Node {}

        /** {@code left[*]right}, {@code left[]right}, {@code left[1:2]right}, with a condition {@code left[?condition]right}. */
        record Elements(Node left, @Nullable Node condition, Node right) implements Node {}

        /** {@code left.*right} */
        record Members(Node left, Node right) implements Node {}

        record Or(Node left, Node right) implements Node {}

        record And(Node left, Node right) implements Node {}

        record Not(Node of) implements Node {}

        record Compare(Comparison how, Node left, Node right) implements Node {}

        record ListOf(List<Node> nodes) implements Node {}

        record ObjectOf(Map<String, Node> nodes) implements Node {}

        record Call(JmesFunction function, List<Node> arguments) implements Node {}

        /** {@code &expression}, which a function applies. */
        record Reference(Node to) implements Node {}
    }

    /** An argument has not the type that a function wants. */
    static final class TypeException extends RuntimeException {
        private static final long serialVersionUID = 1;

        TypeException(String message) {
            super(message, null, false, false);
        }
    }

    private final Node root;

    JmesPath(Node root) {
        this.root = root;
    }

    /** @throws IllegalArgumentException if it is no expression; the message says where */
    static JmesPath parse(String text) {
        return new JmesPath(new JmesParser(text).read());
    }

    /** The value that comes out; null if there is none, or a function was given what it cannot take. */
    @Nullable
    Object of(@Nullable Object value) {
        try {
            return apply(root, value);
        } catch (TypeException e) {
            return null; // lines are mixed: as with a field that is not there
        }
    }

    static @Nullable Object apply(Node node, @Nullable Object v) {
        return switch (node) {
            case Node.Current c -> v;
            case Node.Field f -> v instanceof Map<?, ?> m ? m.get(f.name()) : null;
            case Node.Index x -> v instanceof List<?> l ? at(l, x.at()) : null;
            case Node.Slice s -> v instanceof List<?> l ? slice(l, s) : null;
            case Node.Literal l -> l.value();
            case Node.Chain c -> apply(c.right(), apply(c.left(), v));
            case Node.Flatten f -> apply(f.left(), v) instanceof List<?> l ? flat(l) : null;
            case Node.Elements e ->
                apply(e.left(), v) instanceof List<?> l ? project(l, e.condition(), e.right()) : null;
            case Node.Members m ->
                apply(m.left(), v) instanceof Map<?, ?> all
                        ? project(new ArrayList<Object>(all.values()), null, m.right())
                        : null;
            case Node.Or o -> {
                Object left = apply(o.left(), v);
                yield truth(left) ? left : apply(o.right(), v);
            }
            case Node.And a -> {
                Object left = apply(a.left(), v);
                yield truth(left) ? apply(a.right(), v) : left;
            }
            case Node.Not n -> !truth(apply(n.of(), v));
            case Node.Compare c -> compare(c.how(), apply(c.left(), v), apply(c.right(), v));
            case Node.ListOf l -> {
                List<@Nullable Object> out = new ArrayList<>(l.nodes().size());
                if (v != null) {
                    l.nodes().forEach(n -> out.add(apply(n, v)));
                }
                yield v == null ? null : out;
            }
            case Node.ObjectOf o -> {
                Map<String, @Nullable Object> out = new LinkedHashMap<>();
                if (v != null) {
                    o.nodes().forEach((name, n) -> out.put(name, apply(n, v)));
                }
                yield v == null ? null : out;
            }
            case Node.Call c -> {
                List<@Nullable Object> arguments = new ArrayList<>(c.arguments().size());
                c.arguments().forEach(a -> arguments.add(apply(a, v)));
                yield c.function().call(arguments);
            }
            case Node.Reference r -> r;
        };
    }

    private static @Nullable Object at(List<?> l, int index) {
        int k = index < 0 ? l.size() + index : index;
        return k >= 0 && k < l.size() ? l.get(k) : null;
    }

    private static List<@Nullable Object> slice(List<?> l, Node.Slice s) {
        int n = l.size();
        boolean up = s.step() > 0;
        Integer start = s.start();
        Integer stop = s.stop();
        long from = start == null ? up ? 0 : n - 1 : bound(start, n, up);
        long to = stop == null ? up ? n : -1 : bound(stop, n, up);
        List<@Nullable Object> out = new ArrayList<>();
        for (long i = from; up ? i < to : i > to; i += s.step()) {
            out.add(l.get((int) i));
        }
        return out;
    }

    private static long bound(int at, int n, boolean up) {
        long k = at < 0 ? (long) n + at : at;
        return up ? Math.clamp(k, 0, n) : Math.clamp(k, -1, n - 1);
    }

    private static List<@Nullable Object> flat(List<?> l) {
        List<@Nullable Object> out = new ArrayList<>(l.size());
        for (Object x : l) {
            if (x instanceof List<?> inner) {
                out.addAll(inner);
            } else {
                out.add(x);
            }
        }
        return out;
    }

    private static List<Object> project(List<?> l, @Nullable Node condition, Node right) {
        List<Object> out = new ArrayList<>();
        for (Object x : l) {
            Object r = condition == null || truth(apply(condition, x)) ? apply(right, x) : null;
            if (r != null) {
                out.add(r);
            }
        }
        return out;
    }

    static boolean truth(@Nullable Object v) {
        return v != null && !v.equals("") && !v.equals(false) && !v.equals(List.of()) && !v.equals(Map.of());
    }

    private static @Nullable Object compare(Comparison how, @Nullable Object a, @Nullable Object b) {
        if (how == Comparison.EQUAL || how == Comparison.NOT_EQUAL) {
            return equal(a, b) == (how == Comparison.EQUAL);
        }
        if (!(a instanceof BigDecimal x) || !(b instanceof BigDecimal y)) {
            return null; // only numbers have an order
        }
        int c = x.compareTo(y);
        return switch (how) {
            case LESS -> c < 0;
            case LESS_OR_EQUAL -> c <= 0;
            case GREATER -> c > 0;
            case GREATER_OR_EQUAL, EQUAL, NOT_EQUAL -> c >= 0;
        };
    }

    static boolean equal(@Nullable Object a, @Nullable Object b) {
        if (a instanceof BigDecimal x && b instanceof BigDecimal y) {
            return x.compareTo(y) == 0;
        }
        if (a instanceof List<?> x && b instanceof List<?> y) {
            boolean same = x.size() == y.size();
            for (int i = 0; same && i < x.size(); i++) {
                same = equal(x.get(i), y.get(i));
            }
            return same;
        }
        if (a instanceof Map<?, ?> x && b instanceof Map<?, ?> y) {
            return x.size() == y.size()
                    && x.entrySet().stream()
                            .allMatch(e -> y.containsKey(e.getKey()) && equal(e.getValue(), y.get(e.getKey())));
        }
        return a == null ? b == null : a.equals(b);
    }
}
