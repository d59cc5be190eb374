/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.config;

import io.skald.core.config.ByteSize;
import io.skald.core.config.ConfigException;
import io.skald.core.config.Durations;
import io.skald.core.config.Keys;
import io.skald.core.model.Labels;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/**
 * A mapping of a YAML file that is being read. Every key that is asked for counts as known; {@link #end} reports the others. Problems are gathered,
 * and a value that is wrong reads as its default. Confined to one thread.
 */
public final class Section {
    private final Problems problems;
    private final String path;
    /** Where problems of it are: of a section that is not given, the one that it would be in. */
    private final @Nullable Node place;

    private final Map<String, NodeTuple> values = new LinkedHashMap<>();
    private final Set<String> asked = new LinkedHashSet<>();

    public Section(Problems problems, String path, @Nullable Node node) {
        this(problems, path, node, null);
    }

    private Section(Problems problems, String path, @Nullable Node node, @Nullable Node around) {
        this.problems = problems;
        this.path = path;
        this.place = node == null ? around : node;
        if (node == null || isNull(node)) {
            return;
        }
        if (!(node instanceof MappingNode mapping)) {
            problems.add(node, (path.isEmpty() ? "the file" : path) + " must be a section of keys and values");
            return;
        }
        for (NodeTuple t : mapping.getValue()) {
            String key = t.getKeyNode() instanceof ScalarNode s ? s.getValue() : "";
            if (values.put(key, t) != null) {
                problems.add(t.getKeyNode(), child(key) + " is given twice");
            }
        }
    }

    /** A section of one key, whose value is a whole file. */
    static Section ofList(Problems problems, String key, Node list) {
        Section s = new Section(problems, "", null);
        s.values.put(key, new NodeTuple(list, list));
        return s;
    }

    public static boolean isNull(Node n) {
        return n.getTag().equals(Tag.NULL);
    }

    public String path() {
        return path;
    }

    private String child(String key) {
        return path.isEmpty() ? key : path + "." + key;
    }

    /** Whether a key is given, be it empty. Does not count as asking for it. */
    public boolean has(String key) {
        return values.containsKey(key);
    }

    /** The keys that are given. */
    public Set<String> keys() {
        return values.keySet();
    }

    private @Nullable Node value(String key) {
        asked.add(key);
        NodeTuple t = values.get(key);
        return t == null ? null : t.getValueNode();
    }

    /** A problem of a key. */
    public void problem(String key, String text) {
        NodeTuple t = values.get(key);
        problems.add(t == null ? place : t.getKeyNode(), child(key) + ": " + text);
    }

    /** A problem of the section as a whole. */
    public void problem(String text) {
        problems.add(place, (path.isEmpty() ? "" : path + ": ") + text);
    }

    private @Nullable String scalar(String key) {
        Node v = value(key);
        if (v == null || isNull(v)) {
            return null;
        }
        if (v instanceof ScalarNode s) {
            return s.getValue();
        }
        problem(key, "must be a single value");
        return null;
    }

    public @Nullable String textOrNull(String key) {
        return scalar(key);
    }

    public String text(String key, String fallback) {
        String v = scalar(key);
        return v == null ? fallback : v;
    }

    /** A value that must be given. */
    public String required(String key) {
        String v = scalar(key);
        if (v == null || v.isEmpty()) {
            problem(key, "is required");
            return "";
        }
        return v;
    }

    public @Nullable Path file(String key) {
        String v = scalar(key);
        return v == null || v.isEmpty() ? null : Path.of(v);
    }

    public boolean bool(String key, boolean fallback) {
        String v = scalar(key);
        if (v == null) {
            return fallback;
        }
        return switch (v) {
            case "true", "True", "yes", "on" -> true;
            case "false", "False", "no", "off" -> false;
            default -> {
                problem(key, "'" + v + "' is not true or false");
                yield fallback;
            }
        };
    }

    public long number(String key, long fallback, long min) {
        String v = scalar(key);
        if (v == null) {
            return fallback;
        }
        try {
            long n = Long.parseLong(v.replace("_", ""));
            if (n < min) {
                problem(key, v + " is too small, the least is " + min);
                return fallback;
            }
            return n;
        } catch (NumberFormatException e) {
            problem(key, "'" + v + "' is not a whole number");
            return fallback;
        }
    }

    public double decimal(String key, double fallback) {
        String v = scalar(key);
        if (v == null) {
            return fallback;
        }
        try {
            return Double.parseDouble(v);
        } catch (NumberFormatException e) {
            problem(key, "'" + v + "' is not a number");
            return fallback;
        }
    }

    public long bytes(String key, long fallback) {
        String v = scalar(key);
        if (v == null) {
            return fallback;
        }
        try {
            return ByteSize.parse(v);
        } catch (IllegalArgumentException e) {
            problem(key, String.valueOf(e.getMessage()));
            return fallback;
        }
    }

    public Duration duration(String key, Duration fallback) {
        String v = scalar(key);
        if (v == null) {
            return fallback;
        }
        try {
            return Durations.parse(v);
        } catch (IllegalArgumentException e) {
            problem(key, String.valueOf(e.getMessage()));
            return fallback;
        }
    }

    /** A list of values; a single one counts as a list of it. */
    public List<String> list(String key) {
        Node v = value(key);
        List<String> out = new ArrayList<>();
        if (v == null || isNull(v)) {
            return out;
        }
        if (v instanceof ScalarNode s) {
            out.add(s.getValue());
        } else if (v instanceof SequenceNode seq) {
            for (Node n : seq.getValue()) {
                if (n instanceof ScalarNode s && !isNull(n)) {
                    out.add(s.getValue());
                } else {
                    problems.add(n, child(key) + ": an item of the list must be text");
                }
            }
        } else {
            problem(key, "must be a list, like [a, b]");
        }
        return out;
    }

    /** Keys with a value each, in the order of the file; no value is an empty one. */
    public Map<String, String> map(String key) {
        Node v = value(key);
        Map<String, String> out = new LinkedHashMap<>();
        if (v == null || isNull(v)) {
            return out;
        }
        if (!(v instanceof MappingNode m)) {
            problem(key, "must be a section of keys and values");
            return out;
        }
        for (NodeTuple t : m.getValue()) {
            String name = t.getKeyNode() instanceof ScalarNode s ? s.getValue() : "";
            if (isNull(t.getValueNode())) {
                out.put(name, "");
            } else if (t.getValueNode() instanceof ScalarNode s) {
                out.put(name, s.getValue());
            } else {
                problems.add(t.getValueNode(), child(key) + "." + name + " must be a single value");
            }
        }
        return out;
    }

    public Labels labels(String key) {
        Labels.Builder b = new Labels.Builder();
        map(key).forEach(b::set);
        return b.build();
    }

    /** A section in this; an empty one if it is not given. */
    public Section section(String key) {
        return new Section(problems, child(key), value(key), place);
    }

    /** Sections of a list. */
    public List<Section> sections(String key) {
        Node v = value(key);
        List<Section> out = new ArrayList<>();
        if (v == null || isNull(v)) {
            return out;
        }
        if (!(v instanceof SequenceNode seq)) {
            problem(key, "must be a list");
            return out;
        }
        int i = 0;
        for (Node n : seq.getValue()) {
            out.add(new Section(problems, child(key) + "[" + i++ + "]", n));
        }
        return out;
    }

    /** The sections of a mapping by their names. */
    public Map<String, Section> named(String key) {
        Map<String, Section> out = new LinkedHashMap<>();
        Section s = section(key);
        for (String name : s.keys()) {
            out.put(name, s.section(name));
        }
        return out;
    }

    /**
     * Ends the reading of a file of its own.
     *
     * @throws ConfigException if there was a problem
     */
    public void check() throws ConfigException {
        problems.check();
    }

    /** Counts a key as one that may be given. */
    public void known(String key) {
        asked.add(key);
    }

    /** Keys of Promtail's that have no effect, which those who give them are told. */
    public void withoutEffect(String why, String... keys) {
        for (String key : keys) {
            asked.add(key);
            NodeTuple t = values.get(key);
            if (t != null) {
                problems.note(t.getKeyNode(), child(key) + " has no effect: " + why);
            }
        }
    }

    /** Keys that Promtail knows and this agent does not: an error each. */
    public void unsupported(String... keys) {
        refuse("is not supported by this agent", keys);
    }

    /** The same, with what to use instead. */
    public void unsupportedFor(String instead, String... keys) {
        refuse("is not supported by this agent: " + instead, keys);
    }

    private void refuse(String why, String... keys) {
        for (String key : keys) {
            asked.add(key);
            if (values.containsKey(key)) {
                problem(key, why);
            }
        }
    }

    /** A key that may be given with one value, which is the default, and with no other. */
    public void only(String key, boolean value) {
        if (bool(key, value) != value) {
            problem(key, !value + " is not supported by this agent");
        }
    }

    /** Reports keys that nobody has asked for. */
    public void end() {
        values.forEach((key, tuple) -> {
            if (!asked.contains(key)) {
                String near = Keys.nearest(key, asked);
                problems.add(
                        tuple.getKeyNode(),
                        "unknown key '" + key + "'" + (path.isEmpty() ? "" : " in " + path) + "; "
                                + (near == null
                                        ? "valid keys: " + String.join(", ", asked)
                                        : "did you mean '" + near + "'?"));
            }
        });
    }
}
