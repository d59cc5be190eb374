/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.model;

import io.skald.core.config.Durations;
import io.skald.core.config.Keys;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/** The keys and values of one mapping; gathers problems with their places. Confined to one thread. */
public final class YamlFields {
    /** Where problems go. */
    public static final class Problems {
        private final String file;
        private final List<String> found = new ArrayList<>();

        public Problems(String file) {
            this.file = file;
        }

        public void add(@Nullable Node node, String text) {
            String at = node == null
                    ? ""
                    : node.getStartMark()
                            .map(m -> ":" + (m.getLine() + 1) + ":" + (m.getColumn() + 1))
                            .orElse("");
            addAt(at, text);
        }

        void addAt(String at, String text) {
            found.add(file + at + ": " + text);
        }

        /** @throws RuleException if there are any */
        public void check() {
            if (!found.isEmpty()) {
                throw new RuleException(found);
            }
        }
    }

    private final Node node;
    private final String what;
    private final Problems problems;
    private final Map<String, Node> values = new LinkedHashMap<>();

    private YamlFields(Node node, String what, Problems problems) {
        this.node = node;
        this.what = what;
        this.problems = problems;
    }

    /**
     * Reads the keys of a mapping; another key is a problem.
     *
     * @param what how problems call it
     */
    public static YamlFields of(Node node, String what, List<String> keys, Problems problems) {
        YamlFields f = new YamlFields(node, what, problems);
        if (!(node instanceof MappingNode mapping)) {
            problems.add(node, what + " must be a section of keys and values");
            return f;
        }
        for (NodeTuple t : mapping.getValue()) {
            String key = t.getKeyNode() instanceof ScalarNode s ? s.getValue() : "";
            if (!keys.contains(key)) {
                String near = Keys.nearest(key, keys);
                problems.add(
                        t.getKeyNode(),
                        "unknown key '" + key + "' in " + what + "; "
                                + (near == null
                                        ? "valid keys: " + String.join(", ", keys)
                                        : "did you mean '" + near + "'?"));
            } else if (f.values.put(key, t.getValueNode()) != null) {
                problems.add(t.getKeyNode(), "'" + key + "' is given twice in " + what);
            }
        }
        f.values.values().removeIf(v -> v.getTag().equals(Tag.NULL));
        return f;
    }

    public @Nullable Node node(String key) {
        return values.get(key);
    }

    /** The node of a key, or that of the whole mapping. */
    Node place(String key) {
        return values.getOrDefault(key, node);
    }

    void problem(@Nullable Node at, String text) {
        problems.add(at, what + ": " + text);
    }

    public String text(String key, String fallback) {
        Node n = values.get(key);
        if (n == null) {
            return fallback;
        }
        if (n instanceof ScalarNode s) {
            return s.getValue();
        }
        problem(n, key + " must be text");
        return fallback;
    }

    public @Nullable Duration duration(String key) {
        Node n = values.get(key);
        if (n == null) {
            return null;
        }
        try {
            return Durations.parse(text(key, ""));
        } catch (IllegalArgumentException e) {
            problem(n, key + ": " + e.getMessage());
            return null;
        }
    }

    public int number(String key, int fallback, int most) {
        Node n = values.get(key);
        if (n == null) {
            return fallback;
        }
        try {
            int v = Integer.parseInt(text(key, ""));
            if (v >= 0 && v <= most) {
                return v;
            }
        } catch (NumberFormatException e) {
            problem(n, key + " must be a whole number, not '" + text(key, "") + "'");
            return fallback;
        }
        problem(n, key + " must be 0 to " + most + ", not " + text(key, ""));
        return fallback;
    }

    /** Text by name, in the order given. */
    public Map<String, String> map(String key) {
        Map<String, String> out = new LinkedHashMap<>();
        Node n = values.get(key);
        if (n == null) {
            return out;
        }
        if (!(n instanceof MappingNode m)) {
            problem(n, key + " must be a section of names and texts");
            return out;
        }
        for (NodeTuple t : m.getValue()) {
            String name = t.getKeyNode() instanceof ScalarNode s ? s.getValue() : "";
            if (!(t.getValueNode() instanceof ScalarNode v)) {
                problem(t.getValueNode(), key + "." + name + " must be text");
            } else if (out.put(name, v.getTag().equals(Tag.NULL) ? "" : v.getValue()) != null) {
                problem(t.getKeyNode(), key + "." + name + " is given twice");
            }
        }
        return out;
    }

    /** The items of a list; none if it is absent. */
    public List<Node> list(String key) {
        Node n = values.get(key);
        if (n == null) {
            return List.of();
        }
        if (n instanceof SequenceNode s) {
            return s.getValue();
        }
        problem(n, key + " must be a list");
        return List.of();
    }

    public List<String> texts(String key) {
        List<String> out = new ArrayList<>();
        for (Node n : list(key)) {
            if (n instanceof ScalarNode s) {
                out.add(s.getValue());
            } else {
                problem(n, key + ": an item of the list must be text");
            }
        }
        return out;
    }

    /** Runs a check on a text that is there; what it returns, if not empty, is a problem. */
    void check(String key, UnaryOperator<String> check) {
        Node n = values.get(key);
        if (n != null) {
            String problem = check.apply(text(key, ""));
            if (!problem.isEmpty()) {
                problem(n, problem);
            }
        }
    }
}
