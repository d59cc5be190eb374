/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.config;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Writes config records: as YAML that reads back equal, and as the tables of the documentation. */
final class ConfigWriter {
    private final StringBuilder out = new StringBuilder();

    static String yaml(Record config) {
        ConfigWriter w = new ConfigWriter();
        w.section(config, null, "");
        return w.out.toString();
    }

    /** The keys that differ from those of a base, in nested sections as well. */
    static String difference(Record config, Record base) {
        ConfigWriter w = new ConfigWriter();
        w.section(config, base, "");
        return w.out.toString();
    }

    /** Writes the keys of a section; with a base only those that differ from it. */
    private void section(Record r, @Nullable Record base, String indent) {
        for (Schema.Key key : Schema.keys(r.getClass())) {
            Object v = key.of(r);
            if (base != null && Objects.equals(v, key.of(base))) {
                continue;
            }
            out.append(indent).append(key.name()).append(':');
            switch (key.kind()) {
                case SECTION -> {
                    out.append('\n');
                    section((Record) v, base == null ? null : (Record) key.of(base), indent + "  ");
                }
                case RECORDS -> records((List<?>) v, indent + "  ");
                case TENANTS -> tenants((Map<?, ?>) v, key, r, indent + "  ");
                case BOOLEAN, NUMBER, BYTES, DURATION, TEXT, LIST ->
                    out.append(' ').append(scalar(v, key)).append('\n');
            }
        }
    }

    private void records(List<?> items, String indent) {
        if (items.isEmpty()) {
            out.append(" []\n");
            return;
        }
        out.append('\n');
        for (Object item : items) {
            int at = out.length();
            section((Record) item, null, indent + "  ");
            out.setCharAt(at + indent.length(), '-');
        }
    }

    private void tenants(Map<?, ?> tenants, Schema.Key key, Record owner, String indent) {
        if (tenants.isEmpty()) {
            out.append(" {}\n");
            return;
        }
        Record base = null;
        for (Schema.Key k : Schema.keys(owner.getClass())) {
            if (k.component().getType() == Schema.valueType(key)) {
                base = (Record) k.of(owner);
            }
        }
        out.append('\n');
        for (Map.Entry<?, ?> e : tenants.entrySet()) {
            out.append(indent).append(quoted(String.valueOf(e.getKey()))).append(":\n");
            section((Record) e.getValue(), base, indent + "  ");
        }
    }

    static String scalar(Object v, Schema.Key key) {
        return switch (v) {
            case Duration d -> Durations.format(d);
            case Number n -> key.setting().bytes() ? ByteSize.format(n.longValue()) : n.toString();
            case Path p -> quoted(p.toString());
            case HostPort p -> quoted(p.toString());
            case String s -> quoted(s);
            case List<?> l -> {
                StringBuilder b = new StringBuilder("[");
                for (Object o : l) {
                    b.append(b.length() == 1 ? "" : ", ").append(quoted(String.valueOf(o)));
                }
                yield b.append(']').toString();
            }
            default -> String.valueOf(v);
        };
    }

    /** Plain where YAML reads it back as the same text, else in double quotes. */
    private static String quoted(String s) {
        if (s.matches("[A-Za-z/][A-Za-z0-9_./-]*") && !s.matches("(?i)true|false|null|yes|no|on|off")) {
            return s;
        }
        StringBuilder b = new StringBuilder("\"");
        for (int i = 0; i < s.length(); i++) {
            char c = s.charAt(i);
            if (c == '"' || c == '\\') {
                b.append('\\').append(c);
            } else if (c < 0x20) {
                b.append(String.format("\\x%02x", (int) c));
            } else {
                b.append(c);
            }
        }
        return b.append('"').toString();
    }

    /** One Markdown table for each section. */
    static String tables(Record defaults) {
        ConfigWriter w = new ConfigWriter();
        w.table(defaults, "");
        return w.out.toString();
    }

    private void table(Record r, String path) {
        out.append(path.isEmpty() ? "## Top level\n" : "\n## `" + path + "`\n");
        out.append("\n| key | type | default | allowed | meaning |\n|---|---|---|---|---|\n");
        List<Schema.Key> keys = Schema.keys(r.getClass());
        for (Schema.Key key : keys) {
            if (key.kind() != Schema.Kind.SECTION) {
                out.append("| `")
                        .append(key.name())
                        .append("` | ")
                        .append(key.kind().label)
                        .append(" | ");
                out.append(key.kind() == Schema.Kind.TENANTS ? "" : "`" + scalar(key.of(r), key) + "`");
                out.append(" | ")
                        .append(allowed(key))
                        .append(" | ")
                        .append(key.setting().value())
                        .append(" |\n");
            }
        }
        for (Schema.Key key : keys) {
            if (key.kind() == Schema.Kind.SECTION) {
                table((Record) key.of(r), path.isEmpty() ? key.name() : path + "." + key.name());
            }
        }
    }

    private static String allowed(Schema.Key key) {
        Class<?> type = key.component().getType();
        if (type.isEnum()) {
            StringBuilder b = new StringBuilder();
            for (Object o : type.getEnumConstants()) {
                b.append(b.isEmpty() ? "`" : ", `").append(o).append('`');
            }
            return b.toString();
        }
        String min = key.setting().min();
        String max = key.setting().max();
        if (min.isEmpty() && max.isEmpty()) {
            return "";
        }
        return (min.isEmpty() ? "0" : min) + (max.isEmpty() ? " and more" : " to " + max);
    }
}
