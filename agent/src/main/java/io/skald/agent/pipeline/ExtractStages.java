/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.pipeline;

import com.google.re2j.Matcher;
import com.google.re2j.Pattern;
import io.skald.core.model.Labels;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Stages that extract values from the line or from another value. */
final class ExtractStages {
    private ExtractStages() {}

    /** What a stage reads: the line, or a value if a source is named; null if there is no such value. */
    static @Nullable String input(LogEntry e, @Nullable String source) {
        return source == null ? e.text() : Values.text(e.extracted(source));
    }

    /** {@code regex}. */
    static final class Regex extends Stage.Simple {
        private final Pattern pattern;
        private final @Nullable String source;
        private final boolean labelsFromGroups;
        private final Map<String, Integer> groups;

        Regex(Pattern pattern, @Nullable String source, boolean labelsFromGroups) {
            this.pattern = pattern;
            this.source = source;
            this.labelsFromGroups = labelsFromGroups;
            this.groups = new LinkedHashMap<>(pattern.namedGroups());
        }

        @Override
        boolean apply(LogEntry e) {
            String in = input(e, source);
            if (in == null) {
                return true;
            }
            Matcher m = pattern.matcher(in);
            if (m.find()) {
                groups.forEach((name, i) -> {
                    String value = m.group(i);
                    e.extract(name, value == null ? "" : value);
                    if (labelsFromGroups && value != null && !value.isEmpty()) {
                        e.setLabels(LabelStages.with(e.labels(), name, value));
                    }
                });
            }
            return true;
        }
    }

    /** {@code json}. */
    static final class Json extends Stage.Simple {
        private final Map<String, JmesPath> expressions;
        private final @Nullable String source;
        private final boolean dropMalformed;

        Json(Map<String, JmesPath> expressions, @Nullable String source, boolean dropMalformed) {
            this.expressions = expressions;
            this.source = source;
            this.dropMalformed = dropMalformed;
        }

        @Override
        boolean apply(LogEntry e) {
            String in = input(e, source);
            if (in == null) {
                return true;
            }
            Object root;
            try {
                root = Values.parseJson(in);
            } catch (IOException malformed) {
                return !dropMalformed; // lines that are not JSON are no error: logs are mixed
            }
            if (!(root instanceof Map)) {
                return !dropMalformed; // only objects have something to name
            }
            expressions.forEach((name, path) -> {
                Object v = path.of(root);
                e.extract(name, v instanceof Map || v instanceof List ? Values.writeJson(v) : v);
            });
            return true;
        }
    }

    /** {@code logfmt}. */
    static final class Logfmt extends Stage.Simple {
        private final Map<String, List<String>> mapping;
        private final @Nullable String source;

        /** @param mapping names of values by the keys that they come from */
        Logfmt(Map<String, List<String>> mapping, @Nullable String source) {
            this.mapping = mapping;
            this.source = source;
        }

        @Override
        boolean apply(LogEntry e) {
            String in = input(e, source);
            if (in == null) {
                return true;
            }
            int at = 0;
            int n = in.length();
            while (at < n) {
                while (at < n && in.charAt(at) <= ' ') {
                    at++;
                }
                int key = at;
                while (at < n && in.charAt(at) > ' ' && in.charAt(at) != '=') {
                    at++;
                }
                String name = in.substring(key, at);
                String value = "";
                if (at < n && in.charAt(at) == '=') {
                    at++;
                    if (at < n && in.charAt(at) == '"') {
                        StringBuilder text = new StringBuilder();
                        at = quoted(in, at + 1, text);
                        value = text.toString();
                    } else {
                        int from = at;
                        while (at < n && in.charAt(at) > ' ') {
                            at++;
                        }
                        value = in.substring(from, at);
                    }
                }
                String found = value;
                mapping.getOrDefault(name, List.of()).forEach(as -> e.extract(as, found));
            }
            return true;
        }

        private static int quoted(String in, int from, StringBuilder out) {
            int at = from;
            while (at < in.length() && in.charAt(at) != '"') {
                char c = in.charAt(at++);
                if (c == '\\' && at < in.length()) {
                    char next = in.charAt(at++);
                    switch (next) {
                        case 'n' -> out.append('\n');
                        case 't' -> out.append('\t');
                        case 'r' -> out.append('\r');
                        case 'b' -> out.append('\b');
                        case 'f' -> out.append('\f');
                        case 'u' -> at = unicode(in, at, out);
                        default -> out.append(next);
                    }
                } else {
                    out.append(c);
                }
            }
            return at + 1;
        }
    }

    /** Four hexadecimal digits at a place; returns where they end. */
    private static int unicode(String in, int at, StringBuilder out) {
        int end = Math.min(in.length(), at + 4);
        try {
            out.append((char) Integer.parseUnsignedInt(in.substring(at, end), 16));
            return end;
        } catch (NumberFormatException e) {
            out.append('u'); // as it is written: it is no escape
            return at;
        }
    }

    /** {@code static_labels} and what else sets labels to fixed values. */
    static final class Fixed extends Stage.Simple {
        private final Labels labels;

        Fixed(Labels labels) {
            this.labels = labels;
        }

        @Override
        boolean apply(LogEntry e) {
            Labels.Builder b = e.labels().toBuilder();
            for (int i = 0; i < labels.size(); i++) {
                b.set(labels.name(i), labels.value(i));
            }
            e.setLabels(b.build());
            return true;
        }
    }
}
