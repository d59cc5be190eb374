/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.eval;

import io.skald.core.model.Labels;
import io.skald.logql.pipeline.template.Template;
import io.skald.logql.pipeline.template.TemplateFunctions;
import io.skald.logql.pipeline.template.TemplateSyntaxException;
import io.skald.querier.rules.model.Rule;
import io.skald.querier.rules.model.RuleGroup;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** Labels and annotations of alerts from their templates. Thread-safe; holds parsed templates for the life of a rule. */
public final class RuleTemplates {
    private static final String VARIABLES = "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}"
            + "{{$externalURL := .ExternalURL}}{{$value := .Value}}";
    private static final TemplateFunctions UNABLE = new PrometheusFunctions(q -> List.of(), "");

    private final Map<String, Template> labels = new TreeMap<>();
    private final Map<String, Template> annotations = new TreeMap<>();

    /** @throws IllegalArgumentException if a template is not one */
    RuleTemplates(RuleGroup group, Rule.Alert rule) {
        Map<String, String> all = new TreeMap<>(group.labels());
        all.putAll(rule.labels());
        all.forEach((k, v) -> labels.put(k, parse(rule.name(), v)));
        rule.annotations().forEach((k, v) -> annotations.put(k, parse(rule.name(), v)));
    }

    private static Template parse(String alert, String text) {
        try {
            return Template.parse("__alert_" + alert, VARIABLES + text, UNABLE);
        } catch (TemplateSyntaxException e) {
            throw new IllegalArgumentException(String.valueOf(e.getMessage()), e);
        }
    }

    /** What is wrong with the templates of a group, each with the rule it is in. */
    public static List<String> problems(RuleGroup group) {
        List<String> out = new ArrayList<>();
        for (Rule r : group.rules()) {
            if (r instanceof Rule.Alert a) {
                try {
                    check(group, a);
                } catch (IllegalArgumentException e) {
                    out.add("group '" + group.name() + "', alert '" + a.name() + "': " + e.getMessage());
                }
            }
        }
        return out;
    }

    private static void check(RuleGroup group, Rule.Alert rule) {
        Map<String, String> all = new TreeMap<>(group.labels());
        all.putAll(rule.labels());
        all.values().forEach(v -> parse(rule.name(), v));
        rule.annotations().values().forEach(v -> parse(rule.name(), v));
    }

    /** What a template is run over. */
    static Map<String, Object> data(Labels labels, double value, Labels externalLabels, String externalUrl) {
        Map<String, Object> dot = new HashMap<>();
        dot.put("Labels", map(labels));
        dot.put("ExternalLabels", map(externalLabels));
        dot.put("ExternalURL", externalUrl);
        dot.put("Value", value);
        return dot;
    }

    /** Labels as the templates know them: a sorted map is one of strings. */
    static SortedMap<String, String> map(Labels labels) {
        SortedMap<String, String> out = new TreeMap<>();
        for (int i = 0; i < labels.size(); i++) {
            out.put(labels.name(i), labels.value(i));
        }
        return out;
    }

    Map<String, String> labels(Map<String, Object> data, TemplateFunctions functions) {
        return expand(labels, data, functions);
    }

    Map<String, String> annotations(Map<String, Object> data, TemplateFunctions functions) {
        return expand(annotations, data, functions);
    }

    /** A template that fails says so where its text would be, as Prometheus does. */
    private static Map<String, String> expand(
            Map<String, Template> templates, Map<String, Object> data, TemplateFunctions functions) {
        Map<String, String> out = new TreeMap<>();
        templates.forEach((name, template) -> {
            String text;
            try {
                text = template.render(data, functions);
            } catch (IllegalArgumentException e) {
                text = "<error expanding template: " + e.getMessage() + ">";
            }
            out.put(name, text);
        });
        return out;
    }
}
