/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.notify;

import com.google.re2j.Matcher;
import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import io.skald.core.model.Labels;
import io.skald.core.model.Regexp;
import io.skald.querier.rules.model.RuleException;
import io.skald.querier.rules.model.RuleYaml;
import io.skald.querier.rules.model.YamlFields;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/** Prometheus' {@code relabel_configs}, which change or drop alerts before they are sent. Immutable. */
final class Relabel {
    private static final List<String> KEYS =
            List.of("source_labels", "separator", "target_label", "regex", "modulus", "replacement", "action");
    private static final List<String> ACTIONS = List.of(
            "replace",
            "keep",
            "drop",
            "keepequal",
            "dropequal",
            "hashmod",
            "labelmap",
            "labeldrop",
            "labelkeep",
            "lowercase",
            "uppercase");

    private record Step(
            List<String> sources,
            String separator,
            String target,
            Pattern regex,
            int modulus,
            String replacement,
            String action) {}

    private final List<Step> steps;

    private Relabel(List<Step> steps) {
        this.steps = List.copyOf(steps);
    }

    /** Changes nothing. */
    static final Relabel NOTHING = new Relabel(List.of());

    /**
     * Reads a list of steps.
     *
     * @throws RuleException with every problem
     */
    static Relabel parse(String name, String yaml) {
        YamlFields.Problems problems = new YamlFields.Problems(name);
        Optional<Node> root = RuleYaml.compose(name, yaml, problems);
        List<Step> steps = new ArrayList<>();
        if (root.isPresent()) {
            if (root.get() instanceof SequenceNode s) {
                s.getValue().forEach(n -> steps.add(step(n, problems)));
            } else {
                problems.add(root.get(), "a list of relabel steps is expected");
            }
        }
        problems.check();
        return new Relabel(steps);
    }

    private static Step step(Node n, YamlFields.Problems problems) {
        YamlFields f = YamlFields.of(n, "the relabel step", KEYS, problems);
        String action = f.text("action", "replace").toLowerCase(Locale.ROOT);
        if (!ACTIONS.contains(action)) {
            problems.add(f.node("action"), "unknown action '" + action + "'; there are " + String.join(", ", ACTIONS));
        }
        Pattern regex = Regexp.compile("(?s:.*)");
        try {
            regex = Regexp.compile("(?s:" + f.text("regex", "(.*)") + ")");
        } catch (PatternSyntaxException e) {
            problems.add(f.node("regex"), "regex: " + e.getMessage());
        }
        return new Step(
                f.texts("source_labels"),
                f.text("separator", ";"),
                f.text("target_label", ""),
                regex,
                f.number("modulus", 1, Integer.MAX_VALUE),
                f.text("replacement", "$1"),
                action);
    }

    /** The labels after all steps; null if the alert is dropped. */
    @Nullable
    Labels apply(Labels labels) {
        Map<String, String> out = AlertJson.map(labels);
        for (Step s : steps) {
            if (!apply(s, out)) {
                return null;
            }
        }
        return out.isEmpty() ? null : Labels.of(out);
    }

    private static boolean apply(Step s, Map<String, String> labels) {
        List<String> values = new ArrayList<>();
        s.sources.forEach(l -> values.add(labels.getOrDefault(l, "")));
        String value = String.join(s.separator, values);
        switch (s.action) {
            case "keep" -> {
                return s.regex.matches(value);
            }
            case "drop" -> {
                return !s.regex.matches(value);
            }
            case "keepequal" -> {
                return labels.getOrDefault(s.target, "").equals(value);
            }
            case "dropequal" -> {
                return !labels.getOrDefault(s.target, "").equals(value);
            }
            case "lowercase" -> set(labels, s.target, value.toLowerCase(Locale.ROOT));
            case "uppercase" -> set(labels, s.target, value.toUpperCase(Locale.ROOT));
            case "hashmod" ->
                set(labels, s.target, Long.toString(Long.remainderUnsigned(hash(value), Math.max(1, s.modulus))));
            case "labeldrop" -> labels.keySet().removeIf(l -> s.regex.matches(l));
            case "labelkeep" -> labels.keySet().removeIf(l -> !s.regex.matches(l));
            case "labelmap" ->
                new TreeMap<>(labels).forEach((l, v) -> {
                    Matcher m = s.regex.matcher(l);
                    if (m.matches()) {
                        set(labels, expand(m, s.replacement), v);
                    }
                });
            default -> {
                Matcher m = s.regex.matcher(value);
                if (m.matches()) {
                    set(labels, expand(m, s.target), expand(m, s.replacement));
                }
            }
        }
        return true;
    }

    private static void set(Map<String, String> labels, String name, String value) {
        if (value.isEmpty()) {
            labels.remove(name);
        } else if (name.matches("[a-zA-Z_][a-zA-Z0-9_]*")) {
            labels.put(name, value);
        }
    }

    /** Puts groups in, written as $1 or ${1}. */
    private static String expand(Matcher m, String template) {
        StringBuilder out = new StringBuilder();
        java.util.regex.Matcher t = java.util.regex.Pattern.compile("\\$(?:(\\w+)|\\{(\\w+)\\}|(\\$))")
                .matcher(template);
        int at = 0;
        while (t.find()) {
            out.append(template, at, t.start());
            at = t.end();
            String group = t.group(1) != null ? t.group(1) : t.group(2);
            if (group == null) {
                out.append('$');
            } else if (group.matches("[0-9]{1,4}")) {
                int n = Integer.parseInt(group);
                String v = n <= m.groupCount() ? m.group(n) : null;
                out.append(v == null ? "" : v);
            }
        }
        return out.append(template.substring(at)).toString();
    }

    /** The last eight bytes of MD5, as Prometheus has it. */
    private static long hash(String value) {
        try {
            byte[] h = MessageDigest.getInstance("MD5").digest(value.getBytes(StandardCharsets.UTF_8));
            return java.nio.ByteBuffer.wrap(h).getLong(8);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has MD5", e);
        }
    }
}
