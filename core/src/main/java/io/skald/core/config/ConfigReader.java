/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.config;

import io.skald.core.model.RequestException;
import io.skald.core.model.TenantId;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/** Binds YAML to config records, and gathers every problem with file, line and key. Confined to one thread; for one file. */
final class ConfigReader {
    private final String file;
    private final List<String> problems = new ArrayList<>();

    ConfigReader(String file) {
        this.file = file;
    }

    /** Reads a document over defaults: what it does not say stays. */
    <T extends Record> T read(String yaml, T defaults, Class<T> type) throws ConfigException {
        T result = defaults;
        try {
            LoadSettings settings = LoadSettings.builder().setLabel(file).build();
            Optional<Node> root = new Compose(settings).composeString(yaml);
            if (root.isPresent()) {
                result = section(root.get(), "", defaults, type);
            }
        } catch (MarkedYamlEngineException e) {
            int line = e.getProblemMark().map(m -> m.getLine() + 1).orElse(1);
            int column = e.getProblemMark().map(m -> m.getColumn() + 1).orElse(1);
            problems.add(file + ":" + line + ":" + column + ": not YAML: " + e.getProblem());
        } catch (YamlEngineException e) {
            problems.add(file + ": not YAML: " + e.getMessage());
        }
        if (!problems.isEmpty()) {
            throw new ConfigException(problems);
        }
        return result;
    }

    private <T extends Record> T section(Node node, String path, T defaults, Class<T> type) {
        if (isNull(node)) {
            return defaults;
        }
        if (!(node instanceof MappingNode mapping)) {
            problem(node, (path.isEmpty() ? "the file" : path) + " must be a section of keys and values");
            return defaults;
        }
        List<Schema.Key> keys = Schema.keys(type);
        Object[] values = new Object[keys.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = keys.get(i).of(defaults);
        }
        // overrides build on the limits of the same file, wherever those stand in it
        List<NodeTuple> tuples = new ArrayList<>(mapping.getValue());
        tuples.sort((a, b) -> Boolean.compare(isTenants(a, keys), isTenants(b, keys)));
        Set<String> seen = new HashSet<>();
        for (NodeTuple t : tuples) {
            String name = t.getKeyNode() instanceof ScalarNode s ? s.getValue() : "";
            int i = indexOf(keys, name);
            if (i < 0) {
                unknown(t.getKeyNode(), name, path, keys);
            } else if (!seen.add(name)) {
                problem(t.getKeyNode(), child(path, name) + " is given twice");
            } else {
                values[i] = value(t.getValueNode(), child(path, name), keys.get(i), values[i], keys, values);
            }
        }
        try {
            return Schema.create(type, values);
        } catch (IllegalArgumentException e) {
            problem(node, (path.isEmpty() ? "" : path + ": ") + e.getMessage());
            return defaults;
        }
    }

    private static boolean isTenants(NodeTuple t, List<Schema.Key> keys) {
        int i = t.getKeyNode() instanceof ScalarNode s ? indexOf(keys, s.getValue()) : -1;
        return i >= 0 && keys.get(i).kind() == Schema.Kind.TENANTS;
    }

    private static int indexOf(List<Schema.Key> keys, String name) {
        for (int i = 0; i < keys.size(); i++) {
            if (keys.get(i).name().equals(name)) {
                return i;
            }
        }
        return -1;
    }

    private void unknown(Node node, String name, String path, List<Schema.Key> keys) {
        List<String> names = keys.stream().map(Schema.Key::name).toList();
        String near = Keys.nearest(name, names);
        problem(
                node,
                "unknown key '" + name + "'" + (path.isEmpty() ? "" : " in " + path) + "; "
                        + (near == null ? "valid keys: " + String.join(", ", names) : "did you mean '" + near + "'?"));
    }

    private Object value(
            Node node, String path, Schema.Key key, Object present, List<Schema.Key> keys, Object[] values) {
        return switch (key.kind()) {
            case SECTION -> nested(node, path, (Record) present);
            case TENANTS -> tenants(node, path, key, keys, values, present);
            case LIST -> list(node, path, present);
            case RECORDS -> records(node, path, key, present);
            case BOOLEAN, NUMBER, BYTES, DURATION, TEXT -> scalar(node, path, key, present);
        };
    }

    private Object scalar(Node node, String path, Schema.Key key, Object present) {
        if (!(node instanceof ScalarNode scalar) || isNull(node)) {
            problem(node, path + " needs a value: " + key.kind().label);
            return present;
        }
        try {
            return parse(scalar.getValue(), key, path);
        } catch (IllegalArgumentException | RequestException e) {
            problem(node, e instanceof OutOfBounds ? String.valueOf(e.getMessage()) : path + ": " + e.getMessage());
            return present;
        }
    }

    @SuppressWarnings("unchecked") // a record's own class
    private <T extends Record> T nested(Node node, String path, T defaults) {
        return section(node, path, defaults, (Class<T>) defaults.getClass());
    }

    private Object tenants(
            Node node, String path, Schema.Key key, List<Schema.Key> keys, Object[] values, Object present) {
        if (isNull(node)) {
            return present;
        }
        if (!(node instanceof MappingNode mapping)) {
            problem(node, path + " must be a section with one section per tenant");
            return present;
        }
        Record base = baseOf(Schema.valueType(key), keys, values);
        Map<String, Record> out = new TreeMap<>();
        for (NodeTuple t : mapping.getValue()) {
            String tenant = t.getKeyNode() instanceof ScalarNode s ? s.getValue() : "";
            try {
                String id = new TenantId(tenant).value();
                if (out.put(id, nested(t.getValueNode(), child(path, id), base)) != null) {
                    problem(t.getKeyNode(), child(path, id) + " is given twice");
                }
            } catch (RequestException e) {
                problem(t.getKeyNode(), path + ": " + e.getMessage());
            }
        }
        return out;
    }

    /** What a tenant's section builds on: the section of the same type beside it. */
    private static Record baseOf(Class<?> type, List<Schema.Key> keys, Object[] values) {
        for (int i = 0; i < values.length; i++) {
            if (keys.get(i).component().getType() == type) {
                return (Record) values[i];
            }
        }
        throw new IllegalStateException("no section of " + type + " to build on");
    }

    private Object records(Node node, String path, Schema.Key key, Object present) {
        if (!(node instanceof SequenceNode sequence)) {
            problem(node, path + " must be a list of sections");
            return present;
        }
        List<Record> out = new ArrayList<>();
        for (Node n : sequence.getValue()) {
            out.add(nested(n, path + "[" + out.size() + "]", Schema.itemDefaults(key)));
        }
        return List.copyOf(out);
    }

    private Object list(Node node, String path, Object present) {
        if (!(node instanceof SequenceNode sequence)) {
            problem(node, path + " must be a list, like [a, b]");
            return present;
        }
        List<String> out = new ArrayList<>();
        for (Node n : sequence.getValue()) {
            if (n instanceof ScalarNode s && !isNull(n)) {
                out.add(s.getValue());
            } else {
                problem(n, path + ": an item of the list must be text");
            }
        }
        return List.copyOf(out);
    }

    /** A value outside its bounds; the message names the key already. */
    private static final class OutOfBounds extends IllegalArgumentException {
        private static final long serialVersionUID = 1;

        OutOfBounds(String message) {
            super(message);
        }
    }

    private static Object parse(String text, Schema.Key key, String path) {
        Setting s = key.setting();
        return switch (key.kind()) {
            case BOOLEAN ->
                switch (text.toLowerCase(Locale.ROOT)) {
                    case "true" -> true;
                    case "false" -> false;
                    default -> throw new IllegalArgumentException("'" + text + "' is not true or false");
                };
            case NUMBER -> sized(bounded(number(text), text, key, path, ConfigReader::number), key);
            case BYTES -> sized(bounded(ByteSize.parse(text), text, key, path, ByteSize::parse), key);
            case DURATION ->
                Duration.ofNanos(bounded(
                        Durations.parse(text).toNanos(),
                        text,
                        key,
                        path,
                        b -> Durations.parse(b).toNanos()));
            case TEXT -> text(text, key.component().getType());
            case LIST, RECORDS, SECTION, TENANTS -> throw new IllegalStateException(s.value());
        };
    }

    private static Object text(String text, Class<?> type) {
        if (type == HostPort.class) {
            return HostPort.parse(text);
        } else if (type == Path.class) {
            try {
                return Path.of(text);
            } catch (InvalidPathException e) {
                throw new IllegalArgumentException("'" + text + "' is not a path", e);
            }
        } else if (type.isEnum()) {
            Object[] constants = type.getEnumConstants();
            for (Object c : constants) {
                if (c.toString().equals(text)) {
                    return c;
                }
            }
            throw new IllegalArgumentException("'" + text + "' is not one of "
                    + Arrays.stream(constants).map(Object::toString).collect(Collectors.joining(", ")));
        }
        return text;
    }

    private static long number(String text) {
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("'" + text + "' is not a whole number", e);
        }
    }

    private static Object sized(long v, Schema.Key key) {
        return key.component().getType() == int.class ? (Object) (int) v : (Object) v;
    }

    private interface Bound {
        long parse(String text);
    }

    private static long bounded(long v, String text, Schema.Key key, String path, Bound parse) {
        String min = key.setting().min().isEmpty() ? "0" : key.setting().min();
        String max = key.setting().max();
        if (v < parse.parse(min)) {
            throw new OutOfBounds(path + ": " + text + " is too small, the least is " + min);
        }
        if (!max.isEmpty() && v > parse.parse(max)) {
            throw new OutOfBounds(path + ": " + text + " is too large, the most is " + max);
        }
        if (max.isEmpty() && key.component().getType() == int.class && v > Integer.MAX_VALUE) {
            throw new OutOfBounds(path + ": " + text + " is too large, the most is " + Integer.MAX_VALUE);
        }
        return v;
    }

    private static boolean isNull(Node node) {
        return node.getTag().equals(Tag.NULL);
    }

    private static String child(String path, String name) {
        return path.isEmpty() ? name : path + "." + name;
    }

    private void problem(@Nullable Node node, String text) {
        String at = node == null
                ? ""
                : node.getStartMark()
                        .map(m -> ":" + (m.getLine() + 1) + ":" + (m.getColumn() + 1))
                        .orElse("");
        problems.add(file + at + ": " + text);
    }
}
