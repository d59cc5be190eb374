/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline;

import io.skald.logql.ast.Stage;
import java.util.HashSet;
import java.util.Set;

/** {@code | line_format} and {@code | label_format}. */
final class FormatSteps {
    private FormatSteps() {}

    static StepFactory line(Stage.LineFormat f) {
        String text = plain(f.template());
        return StepFactory.shared(s -> {
            s.replaceLine(text);
            return true;
        });
    }

    static StepFactory labels(Stage.LabelFormat f) {
        Set<String> seen = new HashSet<>();
        for (Stage.LabelFormat.Assignment a : f.assignments()) {
            if (a.label().equals(LineState.ERROR)) {
                throw new PipelineException("__error__ cannot be formatted");
            }
            if (!seen.add(a.label())) {
                throw new PipelineException(
                        "multiple label name '" + a.label() + "' not allowed in a single format operation");
            }
            if (!a.rename()) {
                plain(a.value());
            }
        }
        return StepFactory.shared(s -> {
            for (Stage.LabelFormat.Assignment a : f.assignments()) {
                apply(a, s);
            }
            return true;
        });
    }

    private static void apply(Stage.LabelFormat.Assignment a, LineState s) {
        if (!a.rename()) {
            s.set(a.label(), a.value());
            return;
        }
        String v = s.get(a.value());
        if (v != null) {
            s.set(a.label(), v);
            s.remove(a.value());
        }
    }

    private static String plain(String template) {
        if (template.contains("{{")) {
            throw new PipelineException("actions in templates are not known yet: " + template);
        }
        return template;
    }

    static boolean addNames(Stage.LineFormat f, Set<String> names) {
        return f.template().isEmpty() || !names.contains("");
    }

    static boolean addNames(Stage.LabelFormat f, Set<String> names) {
        for (Stage.LabelFormat.Assignment a : f.assignments()) {
            if (a.rename()) {
                names.add(a.value());
            }
        }
        return true;
    }
}
