/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.model;

import io.skald.core.model.Labels;
import java.time.Duration;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/** One rule of a group. Immutable. */
public sealed interface Rule {
    /** The alert's or the metric's name. */
    String name();

    /** What it adds to the labels of its result; templates in alert rules. */
    Map<String, String> labels();

    /**
     * A rule that raises alerts.
     *
     * @param hold how long the condition must hold before an alert fires ({@code for})
     * @param keepFiringFor how long an alert goes on firing after that
     * @param labels by name, templates
     * @param annotations by name, templates
     * @param samples how many of the newest matching lines go into the annotation {@code samples}; 0 for none
     */
    record Alert(
            String name,
            Condition condition,
            Duration hold,
            Duration keepFiringFor,
            Map<String, String> labels,
            Map<String, String> annotations,
            int samples)
            implements Rule {
        public Alert {
            labels = Collections.unmodifiableMap(new TreeMap<>(labels));
            annotations = Collections.unmodifiableMap(new TreeMap<>(annotations));
        }
    }

    /** A rule whose result is kept as a metric. */
    record Recording(String name, Condition.Query query, Map<String, String> labels) implements Rule {
        public Recording {
            labels = Collections.unmodifiableMap(new TreeMap<>(labels));
        }

        /** The labels of a result's series: its own, with those of the rule over them. */
        public Labels over(Labels series) {
            Labels.Builder b = new Labels.Builder();
            for (int i = 0; i < series.size(); i++) {
                b.set(series.name(i), series.value(i));
            }
            labels.forEach(b::set);
            return b.set("__name__", name).build();
        }
    }
}
