/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.notify;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import io.skald.core.model.Labels;
import io.skald.core.model.Relabel;
import io.skald.querier.rules.model.RuleException;
import io.skald.querier.rules.model.RuleYaml;
import io.skald.querier.rules.model.YamlFields;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/** Prometheus' {@code relabel_configs}, which change or drop alerts before they are sent. Immutable. */
final class AlertRelabelling {
    private static final List<String> KEYS =
            List.of("source_labels", "separator", "target_label", "regex", "modulus", "replacement", "action");
    private final List<Relabel> steps;

    private AlertRelabelling(List<Relabel> steps) {
        this.steps = List.copyOf(steps);
    }

    /** Changes nothing. */
    static final AlertRelabelling NOTHING = new AlertRelabelling(List.of());

    /**
     * Reads a list of steps.
     *
     * @throws RuleException with every problem
     */
    static AlertRelabelling parse(String name, String yaml) {
        YamlFields.Problems problems = new YamlFields.Problems(name);
        Optional<Node> root = RuleYaml.compose(name, yaml, problems);
        List<Relabel> steps = new ArrayList<>();
        if (root.isPresent()) {
            if (root.get() instanceof SequenceNode s) {
                s.getValue().forEach(n -> steps.add(step(n, problems)));
            } else {
                problems.add(root.get(), "a list of relabel steps is expected");
            }
        }
        problems.check();
        return new AlertRelabelling(steps);
    }

    private static Relabel step(Node n, YamlFields.Problems problems) {
        YamlFields f = YamlFields.of(n, "the relabel step", KEYS, problems);
        String action = f.text("action", "replace").toLowerCase(Locale.ROOT);
        Relabel.Action a = Relabel.Action.REPLACE;
        try {
            a = Relabel.Action.valueOf(action.toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            String all = Arrays.stream(Relabel.Action.values())
                    .map(x -> x.name().toLowerCase(Locale.ROOT))
                    .collect(Collectors.joining(", "));
            problems.add(f.node("action"), "unknown action '" + action + "'; there are " + all);
        }
        Pattern regex = Relabel.regex(".*");
        try {
            regex = Relabel.regex(f.text("regex", "(.*)"));
        } catch (PatternSyntaxException e) {
            problems.add(f.node("regex"), "regex: " + e.getMessage());
        }
        return new Relabel(
                f.texts("source_labels"),
                f.text("separator", ";"),
                regex,
                f.number("modulus", 1, Integer.MAX_VALUE),
                f.text("target_label", ""),
                f.text("replacement", "$1"),
                a);
    }

    /** The labels after all steps; null if the alert is dropped. */
    @Nullable
    Labels apply(Labels labels) {
        Map<String, String> out = Relabel.apply(steps, AlertJson.map(labels));
        return out == null || out.isEmpty() ? null : Labels.of(out);
    }
}
