/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.pipeline;

import com.google.re2j.Matcher;
import com.google.re2j.Pattern;
import io.prometheus.client.Counter;
import io.skald.core.model.Labels;
import io.skald.logql.pipeline.LinePipeline;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * {@code redact}: takes secrets out of the line before it leaves the node. A line without any is looked at as bytes, and nothing is allocated for it.
 */
final class RedactStage extends Stage.Simple {
    /**
     * A rule of the configuration.
     *
     * @param name of what it finds
     * @param pattern of which the first group goes, or all of it if it has none
     * @param filter passes lines that it may match
     */
    record Custom(String name, Pattern pattern, LinePipeline filter) {}

    /** What is looked for by its form, and what is put in its place. */
    private record Rule(Secrets.Finder finder, byte[] replacement, Counter.Child count) {}

    private final List<Rule> rules = new ArrayList<>();
    private final List<Custom> custom;
    private final String replacement;
    private final Counter counter;

    /**
     * @param replacement put in their places; {@code $rule} in it is the rule's name
     * @param counter of what was taken out, by rule
     */
    RedactStage(
            boolean cards, boolean tokens, boolean emails, List<Custom> custom, String replacement, Counter counter) {
        this.custom = List.copyOf(custom);
        this.replacement = replacement;
        this.counter = counter;
        if (cards) {
            add("card", new Secrets.Cards());
        }
        if (tokens) {
            add("token", new Secrets.Tokens());
        }
        if (emails) {
            add("email", new Secrets.Emails());
        }
    }

    private void add(String name, Secrets.Finder finder) {
        byte[] by = replacement.replace("$rule", name).getBytes(StandardCharsets.UTF_8);
        rules.add(new Rule(finder, by, counter.labels(name)));
    }

    @Override
    boolean apply(LogEntry e) {
        for (int i = 0; i < rules.size(); i++) {
            Rule r = rules.get(i);
            int start = e.offset();
            long found = r.finder.find(e.buffer(), start, start, start + e.length());
            if (found != Secrets.NONE) {
                replace(e, r, found);
            }
        }
        for (int i = 0; i < custom.size(); i++) {
            Custom c = custom.get(i);
            if (c.filter.process(e.timeNanos(), e.buffer(), e.offset(), e.length(), Labels.EMPTY)) {
                replace(e, c);
            }
        }
        return true;
    }

    private static void replace(LogEntry e, Rule r, long first) {
        byte[] b = e.buffer();
        int start = e.offset();
        int end = start + e.length();
        byte[] out = new byte[e.length() + r.replacement.length];
        int n = 0;
        int at = start;
        for (long found = first; found != Secrets.NONE; found = r.finder.find(b, start, at, end)) {
            int before = Secrets.begin(found) - at;
            int room = n + before + r.replacement.length + end - Secrets.end(found);
            if (room > out.length) {
                out = Arrays.copyOf(out, Math.max(room, out.length * 2));
            }
            System.arraycopy(b, at, out, n, before);
            System.arraycopy(r.replacement, 0, out, n + before, r.replacement.length);
            n += before + r.replacement.length;
            at = Secrets.end(found);
            r.count.inc();
        }
        System.arraycopy(b, at, out, n, end - at);
        e.setLine(out, 0, n + end - at);
    }

    private void replace(LogEntry e, Custom c) {
        String line = e.text();
        Matcher m = c.pattern.matcher(line);
        int group = c.pattern.groupCount() > 0 ? 1 : 0;
        String by = replacement.replace("$rule", c.name);
        @Nullable StringBuilder out = null;
        int at = 0;
        int from = 0;
        while (from <= line.length() && m.find(from)) {
            from = m.end() > m.start() ? m.end() : m.end() + 1;
            if (m.start(group) >= at && m.end(group) > m.start(group)) {
                out = out == null ? new StringBuilder() : out;
                out.append(line, at, m.start(group)).append(by);
                at = m.end(group);
                counter.labels(c.name).inc();
            }
        }
        if (out != null) {
            e.setText(out.append(line, at, line.length()).toString());
        }
    }
}
