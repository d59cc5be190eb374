/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.pipeline;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.google.re2j.Matcher;
import com.google.re2j.Pattern;
import io.skald.core.model.Labels;
import io.skald.logql.pipeline.template.Template;
import io.skald.logql.pipeline.template.TemplateData;
import java.io.IOException;
import java.io.StringWriter;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Stages that change the line or a value. */
final class LineStages {
    private static final System.Logger LOG = System.getLogger(LineStages.class.getName());

    private LineStages() {}

    /** {@code output}. */
    static final class Output extends Stage.Simple {
        private final String source;

        Output(String source) {
            this.source = source;
        }

        @Override
        boolean apply(LogEntry e) {
            String v = Values.text(e.extracted(source));
            if (v != null) {
                e.setText(v);
            }
            return true;
        }
    }

    /** {@code decolorize}: takes out the sequences that steer a terminal, colours among them. */
    static final class Decolorize extends Stage.Simple {
        private static final int ESCAPE = 0x1b;

        @Override
        boolean apply(LogEntry e) {
            byte[] b = e.buffer();
            int at = e.offset();
            int end = at + e.length();
            int first = escape(b, at, end);
            if (first == end) {
                return true;
            }
            byte[] out = new byte[end - at];
            int n = 0;
            for (int next = first; at < end; next = escape(b, at, end)) {
                System.arraycopy(b, at, out, n, next - at);
                n += next - at;
                at = next == end ? end : behind(b, next, end);
            }
            e.setLine(out, 0, n);
            return true;
        }

        private static int escape(byte[] b, int from, int end) {
            int i = from;
            while (i < end && b[i] != ESCAPE) {
                i++;
            }
            return i;
        }

        /** Where the sequence at a place ends; one that the end of the line cuts off ends there. */
        private static int behind(byte[] b, int escape, int end) {
            int i = escape + 1;
            if (i == end) {
                return end;
            }
            return switch (b[i]) {
                case '[' -> behindControl(b, i + 1, end);
                case ']' -> behindText(b, i + 1, end);
                case '(', ')', '#' -> Math.min(end, i + 2); // a character set
                default -> b[i] >= 0x30 && b[i] < 0x7f ? i + 1 : i;
            };
        }

        /** Behind parameters and the letter that ends them. */
        private static int behindControl(byte[] b, int from, int end) {
            int i = from;
            while (i < end && b[i] >= 0x20 && b[i] < 0x40) {
                i++;
            }
            return i < end && b[i] >= 0x40 && b[i] < 0x7f ? i + 1 : i;
        }

        /** Behind a title or a link, which BEL or {@code ESC \} end. */
        private static int behindText(byte[] b, int from, int end) {
            for (int i = from; i < end; i++) {
                if (b[i] == 7) {
                    return i + 1;
                }
                if (b[i] == ESCAPE) {
                    return i + 1 < end && b[i + 1] == '\\' ? i + 2 : i;
                }
            }
            return end;
        }
    }

    /** A template that is run over what was extracted. */
    static final class Text implements TemplateData {
        private final Template.Runner runner;
        private @Nullable LogEntry entry;
        private @Nullable String value;
        private boolean told;

        Text(Template template) {
            this.runner = template.runner(new HashFunctions());
        }

        /** The text, or null if the template fails, which is told once. */
        @Nullable
        String of(LogEntry e, @Nullable String current) {
            entry = e;
            value = current;
            String out = runner.run(this);
            if (out == null && !told) {
                told = true;
                LOG.log(System.Logger.Level.WARNING, () -> "a template failed: " + runner.error());
            }
            return out;
        }

        @Override
        public @Nullable String label(String name) {
            return switch (name) {
                case "Value" -> value == null ? "" : value;
                case "Entry" -> line();
                default -> entry == null ? null : Values.text(entry.extracted(name));
            };
        }

        @Override
        public Map<String, String> labels() {
            Map<String, String> all = new TreeMap<>();
            if (entry != null) {
                entry.allExtracted().forEach((k, v) -> all.put(k, String.valueOf(Values.text(v))));
            }
            return all;
        }

        @Override
        public String line() {
            return entry == null ? "" : entry.text();
        }

        @Override
        public long timestampNanos() {
            return entry == null ? 0 : entry.timeNanos();
        }
    }

    /** {@code template}. */
    static final class SetTemplate extends Stage.Simple {
        private final String source;
        private final Text text;

        SetTemplate(String source, Template template) {
            this.source = source;
            this.text = new Text(template);
        }

        @Override
        boolean apply(LogEntry e) {
            String out = text.of(e, Values.text(e.extracted(source)));
            if (out != null) {
                e.extract(source, out.isEmpty() ? null : out);
            }
            return true;
        }
    }

    /** {@code replace}: what the groups of an expression match, or all of it if it has none. */
    static final class Replace extends Stage.Simple {
        private final Pattern pattern;
        private final @Nullable String source;
        private final Text replacement;

        Replace(Pattern pattern, @Nullable String source, Template replacement) {
            this.pattern = pattern;
            this.source = source;
            this.replacement = new Text(replacement);
        }

        @Override
        boolean apply(LogEntry e) {
            String in = ExtractStages.input(e, source);
            if (in == null || in.isEmpty()) {
                return true;
            }
            Matcher m = pattern.matcher(in);
            StringBuilder out = new StringBuilder();
            int at = 0;
            boolean found = false;
            int start = 0;
            int last = -1;
            while (start <= in.length() && m.find(start)) {
                start = m.end() > m.start() ? m.end() : m.end() + 1;
                if (m.end() == last) {
                    continue; // nothing, right behind a match
                }
                last = m.end();
                found = true;
                int groups = m.groupCount();
                for (int g = groups == 0 ? 0 : 1; g <= groups; g++) {
                    String value = m.group(g);
                    if (value == null) {
                        continue; // has not taken part
                    }
                    String made = replacement.of(e, value);
                    String by = made == null ? value : made;
                    named(e, g, by);
                    if (m.start(g) >= at) { // else it is within a group that was replaced
                        out.append(in, at, m.start(g)).append(by);
                        at = m.end(g);
                    }
                }
            }
            if (found) {
                String result = out.append(in, at, in.length()).toString();
                if (source == null) {
                    e.setText(result);
                } else {
                    e.extract(source, result);
                }
            }
            return true;
        }

        private void named(LogEntry e, int group, String value) {
            pattern.namedGroups().forEach((name, i) -> {
                if (i == group) {
                    e.extract(name, value);
                }
            });
        }
    }

    /** {@code pack}: the line and some labels as JSON. */
    static final class Pack extends Stage.Simple {
        private static final JsonFactory JSON = new JsonFactory();

        private final List<String> labels;
        private final boolean ingestTimestamp;

        Pack(List<String> labels, boolean ingestTimestamp) {
            this.labels = labels;
            this.ingestTimestamp = ingestTimestamp;
        }

        @Override
        boolean apply(LogEntry e) {
            Map<String, String> packed = new TreeMap<>();
            Labels.Builder rest = e.labels().toBuilder();
            for (String name : labels) {
                String extracted = Values.text(e.extracted(name));
                String v = extracted == null ? e.labels().get(name) : extracted;
                if (v != null) {
                    rest.remove(name);
                    packed.put(name, v);
                }
            }
            StringWriter out = new StringWriter();
            try (JsonGenerator g = JSON.createGenerator(out)) {
                g.writeStartObject();
                for (Map.Entry<String, String> p : packed.entrySet()) {
                    g.writeStringField(p.getKey(), p.getValue());
                }
                g.writeStringField("_entry", e.text());
                g.writeEndObject();
            } catch (IOException failed) {
                throw new IllegalStateException("a string writer failed", failed);
            }
            e.setText(out.toString());
            e.setLabels(rest.build());
            if (ingestTimestamp) {
                e.setTime(e.readNanos());
            }
            return true;
        }
    }
}
