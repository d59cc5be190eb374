/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.metric;

import com.google.re2j.Matcher;
import com.google.re2j.Pattern;
import io.skald.core.model.GroupTemplate;
import io.skald.core.model.Labels;
import io.skald.core.model.Regexp;
import io.skald.logql.ast.SampleExpr.LabelReplace;

/** {@code label_replace}: writes a label from what a regular expression finds in another. Immutable. */
public final class LabelReplacer {
    private final Pattern pattern;
    private final LabelReplace expr;

    public LabelReplacer(LabelReplace expr) {
        this.expr = expr;
        this.pattern = Regexp.compile("^(?:" + expr.regexp() + ")$");
    }

    /** The labels of a series after it; the same where the expression does not match. */
    public Labels apply(Labels labels) {
        Matcher m = pattern.matcher(labels.getOrEmpty(expr.source()));
        if (!m.matches()) {
            return labels;
        }
        // an empty value removes the label
        return labels.toBuilder()
                .set(expr.destination(), GroupTemplate.expand(expr.replacement(), m))
                .build();
    }
}
