/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.model;

import io.skald.core.model.Matcher;
import io.skald.logql.ast.SampleExpr;
import java.time.Duration;
import java.util.List;

/** What an alert rule looks at. */
public sealed interface Condition {
    /**
     * A metric query: every series of its result is an alert.
     *
     * @param text as written
     */
    record Query(String text, SampleExpr expr) implements Condition {
        @Override
        public String toString() {
            return text;
        }
    }

    /**
     * Label sets that used to log and stopped.
     *
     * @param selector the streams, as written
     * @param matchers the same, parsed
     * @param by labels that tell one source from another
     * @param silentFor how long nothing must have come
     * @param learnedFrom how far back a source must have logged to be missed; after that it is forgotten
     */
    record Silence(String selector, List<Matcher> matchers, List<String> by, Duration silentFor, Duration learnedFrom)
            implements Condition {
        public Silence {
            matchers = List.copyOf(matchers);
            by = List.copyOf(by);
        }
    }
}
