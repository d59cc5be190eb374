/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline;

import io.skald.core.model.Labels;
import io.skald.logql.ast.Stage;
import io.skald.logql.pipeline.template.Template;
import io.skald.logql.pipeline.template.TemplateData;
import io.skald.logql.pipeline.template.TemplateSyntaxException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** {@code | line_format} and {@code | label_format}. */
final class FormatSteps {
    private static final String TEMPLATE_ERROR = "TemplateFormatErr";

    private FormatSteps() {}

    /** @throws PipelineException if the template is not one */
    static StepFactory line(Stage.LineFormat f) {
        Template template = lineTemplate(f);
        String constant = template.constant();
        if (constant != null) {
            return StepFactory.shared(s -> {
                s.replaceLine(constant);
                return true;
            });
        }
        return labels -> {
            Template.Runner runner = template.runner();
            return s -> {
                String line = runner.run(new Data(s));
                if (line == null) {
                    s.fail(TEMPLATE_ERROR, runner.error());
                } else {
                    s.replaceLine(line);
                }
                return true;
            };
        };
    }

    /** One assignment; the template is null where a label is renamed. */
    private record Compiled(
            Stage.LabelFormat.Assignment assignment,
            @Nullable Template template) {}

    /** @throws PipelineException if a template is not one, or a label may not be written */
    static StepFactory labels(Stage.LabelFormat f) {
        Set<String> seen = new HashSet<>();
        List<Compiled> compiled = new ArrayList<>();
        for (Stage.LabelFormat.Assignment a : f.assignments()) {
            if (a.label().equals(LineState.ERROR)) {
                throw new PipelineException("__error__ cannot be formatted");
            }
            if (!seen.add(a.label())) {
                throw new PipelineException(
                        "multiple label name '" + a.label() + "' not allowed in a single format operation");
            }
            compiled.add(new Compiled(a, a.rename() ? null : labelTemplate(a)));
        }
        return labels -> {
            List<Step> steps = new ArrayList<>();
            compiled.forEach(c -> steps.add(step(c)));
            Step[] all = steps.toArray(Step[]::new);
            return s -> {
                for (Step step : all) {
                    step.apply(s);
                }
                return true;
            };
        };
    }

    private static Step step(Compiled c) {
        String label = c.assignment().label();
        Template template = c.template();
        if (template == null) {
            String source = c.assignment().value();
            return s -> {
                String v = s.get(source);
                if (v != null) {
                    s.set(label, v);
                    s.remove(source);
                }
                return true;
            };
        }
        Template.Runner runner = template.runner();
        return s -> {
            String v = runner.run(new Data(s));
            if (v == null) {
                s.fail(TEMPLATE_ERROR, runner.error());
            } else {
                s.set(label, v);
            }
            return true;
        };
    }

    private static Template lineTemplate(Stage.LineFormat f) {
        try {
            return Template.parse("line", f.template());
        } catch (TemplateSyntaxException e) {
            throw new PipelineException("invalid line template: " + e.getMessage(), e);
        }
    }

    private static Template labelTemplate(Stage.LabelFormat.Assignment a) {
        try {
            return Template.parse("label", a.value());
        } catch (TemplateSyntaxException e) {
            throw new PipelineException("invalid template for label '" + a.label() + "': " + e.getMessage(), e);
        }
    }

    /** Adds the labels that the template reads; false if it may read any. */
    static boolean addNames(Stage.LineFormat f, Set<String> names) {
        return lineTemplate(f).addLabels(names);
    }

    /** Adds the labels that are read; false if it may be any. */
    static boolean addNames(Stage.LabelFormat f, Set<String> names) {
        boolean known = true;
        for (Stage.LabelFormat.Assignment a : f.assignments()) {
            if (a.rename()) {
                names.add(a.value());
            } else {
                known &= labelTemplate(a).addLabels(names);
            }
        }
        return known;
    }

    /** An entry as templates see it. */
    private record Data(LineState state) implements TemplateData {
        @Override
        public @Nullable String label(String name) {
            return state.get(name);
        }

        @Override
        public Map<String, String> labels() {
            Labels all = state.allLabels();
            return all.toMap();
        }

        @Override
        public String line() {
            return state.line();
        }

        @Override
        public long timestampNanos() {
            return state.timestampNanos();
        }
    }
}
