/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.model;

import io.skald.core.config.Durations;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Writes rules as YAML. Confined to one thread. */
final class RuleYamlWriter {
    private final StringBuilder out = new StringBuilder();

    String text() {
        return out.toString();
    }

    void namespaces(Map<String, ? extends Collection<RuleGroup>> namespaces) {
        if (namespaces.isEmpty()) {
            out.append("{}\n");
        }
        namespaces.forEach((namespace, groups) -> {
            out.append(scalar(namespace)).append(":\n");
            groups.forEach(g -> group(g, "  - ", "    "));
        });
    }

    /** @param first what stands before the first line, {@code rest} before the others */
    void group(RuleGroup g, String first, String rest) {
        line(first, "name", g.name());
        duration(rest, "interval", g.interval());
        duration(rest, "query_offset", g.queryOffset());
        if (g.limit() > 0) {
            number(rest, "limit", g.limit());
        }
        map(rest, "labels", g.labels());
        duration(rest, "max_delay", g.maxDelay());
        duration(rest, "late_grace", g.lateGrace());
        if (g.rules().isEmpty()) {
            out.append(rest).append("rules: []\n");
            return;
        }
        out.append(rest).append("rules:\n");
        for (Rule r : g.rules()) {
            switch (r) {
                case Rule.Alert a -> alert(a, rest + "  - ", rest + "    ");
                case Rule.Recording c -> {
                    line(rest + "  - ", "record", c.name());
                    line(rest + "    ", "expr", c.query().text());
                    map(rest + "    ", "labels", c.labels());
                }
            }
        }
    }

    private void alert(Rule.Alert a, String first, String rest) {
        line(first, "alert", a.name());
        switch (a.condition()) {
            case Condition.Query q -> line(rest, "expr", q.text());
            case Condition.Silence s -> {
                out.append(rest).append("silence:\n");
                line(rest + "  ", "selector", s.selector());
                if (!s.by().isEmpty()) {
                    out.append(rest)
                            .append("  by: [")
                            .append(String.join(", ", s.by()))
                            .append("]\n");
                }
                duration(rest + "  ", "for", s.silentFor());
                duration(rest + "  ", "learned_from", s.learnedFrom());
            }
        }
        if (!a.hold().isZero()) {
            duration(rest, "for", a.hold());
        }
        if (!a.keepFiringFor().isZero()) {
            duration(rest, "keep_firing_for", a.keepFiringFor());
        }
        map(rest, "labels", a.labels());
        map(rest, "annotations", a.annotations());
        if (a.samples() > 0) {
            number(rest, "samples", a.samples());
        }
    }

    private void duration(String indent, String key, @Nullable Duration value) {
        if (value != null) {
            out.append(indent)
                    .append(key)
                    .append(": ")
                    .append(Durations.format(value))
                    .append('\n');
        }
    }

    private void number(String indent, String key, int value) {
        out.append(indent).append(key).append(": ").append(value).append('\n');
    }

    private void map(String indent, String key, Map<String, String> map) {
        if (!map.isEmpty()) {
            out.append(indent).append(key).append(":\n");
            map.forEach((k, v) -> line(indent + "  ", k, v));
        }
    }

    private void line(String indent, String key, String value) {
        out.append(indent).append(key).append(':');
        if (value.indexOf('\n') >= 0 && plainLines(value)) {
            // behind a dash the key itself is what the block is indented against
            String inner = " ".repeat(indent.length() + 2);
            out.append(value.endsWith("\n") ? " |\n" : " |-\n");
            value.lines().forEach(l -> out.append(l.isEmpty() ? "" : inner + l).append('\n'));
        } else {
            out.append(' ').append(scalar(value)).append('\n');
        }
    }

    /** Whether a literal block gives the text back. */
    private static boolean plainLines(String s) {
        return !s.startsWith(" ")
                && !s.startsWith("\n")
                && !s.endsWith("\n\n")
                && s.chars().allMatch(c -> c == '\n' || c >= 0x20 && c < 0x7f || c >= 0xa0 && c < 0xd800);
    }

    /** Plain where YAML reads it back as the same text, else in double quotes. */
    private static String scalar(String s) {
        if (s.matches("[A-Za-z/_](?:[A-Za-z0-9_./ -]|:(?! ))*[A-Za-z0-9_./-]|[A-Za-z_]")
                && !s.matches("(?i)true|false|null|yes|no|on|off|y|n")) {
            return s;
        }
        StringBuilder b = new StringBuilder("\"");
        for (int i = 0; i < s.length(); i++) {
            char c = s.charAt(i);
            switch (c) {
                case '"', '\\' -> b.append('\\').append(c);
                case '\n' -> b.append("\\n");
                case '\t' -> b.append("\\t");
                default -> {
                    if (c < 0x20 || c >= 0x7f && c < 0xa0) {
                        b.append(String.format(java.util.Locale.ROOT, "\\x%02x", (int) c));
                    } else {
                        b.append(c);
                    }
                }
            }
        }
        return b.append('"').toString();
    }
}
