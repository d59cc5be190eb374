/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline;

import io.skald.core.model.Matcher;
import io.skald.logql.ast.Stage;
import java.util.List;

/** {@code | drop} and {@code | keep}. */
final class DropKeepSteps {
    private DropKeepSteps() {}

    static Step drop(List<Stage.NameOrMatcher> labels) {
        return s -> {
            for (Stage.NameOrMatcher l : labels) {
                Matcher m = l.matcher();
                String name = m != null ? m.name() : l.name();
                if (name == null) {
                    continue;
                }
                if (m != null) {
                    String v = s.get(name);
                    if (v == null || !m.matches(v)) {
                        continue;
                    }
                }
                s.remove(name);
            }
            return true;
        };
    }

    static Step keep(List<Stage.NameOrMatcher> labels) {
        LineState.LabelPredicate wanted = (name, s) -> {
            for (Stage.NameOrMatcher l : labels) {
                Matcher m = l.matcher();
                if (m == null ? name.equals(l.name()) : name.equals(m.name()) && m.matches(value(s, name))) {
                    return true;
                }
            }
            return false;
        };
        return s -> {
            s.retain(wanted);
            return true;
        };
    }

    private static String value(LineState s, String name) {
        String v = s.getLabel(name);
        return v == null ? "" : v;
    }
}
