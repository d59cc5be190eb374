/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.metric;

import com.google.re2j.Matcher;
import com.google.re2j.Pattern;
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
        return labels.toBuilder().set(expr.destination(), expand(m)).build();
    }

    /** Replaces {@code $1}, {@code ${1}}, {@code $name}; a name is as long as it can be, and {@code $$} is a dollar. */
    private String expand(Matcher m) {
        String template = expr.replacement();
        StringBuilder out = new StringBuilder();
        int i = 0;
        while (i < template.length()) {
            char c = template.charAt(i);
            if (c != '$' || i + 1 == template.length()) {
                out.append(c);
                i++;
                continue;
            }
            if (template.charAt(i + 1) == '$') {
                out.append('$');
                i += 2;
                continue;
            }
            boolean braces = template.charAt(i + 1) == '{';
            int from = i + (braces ? 2 : 1);
            int to = from;
            while (to < template.length() && isNamePart(template.charAt(to))) {
                to++;
            }
            if (to == from || braces && (to == template.length() || template.charAt(to) != '}')) {
                out.append(c);
                i++;
                continue;
            }
            out.append(group(m, template.substring(from, to)));
            i = braces ? to + 1 : to;
        }
        return out.toString();
    }

    private String group(Matcher m, String name) {
        String found = null;
        if (name.chars().allMatch(c -> c >= '0' && c <= '9')) {
            // more digits than an int holds cannot be a group either
            int n = name.length() > 9 ? Integer.MAX_VALUE : Integer.parseInt(name);
            found = n <= m.groupCount() ? m.group(n) : null;
        } else if (pattern.namedGroups().containsKey(name)) {
            found = m.group(name);
        }
        return found == null ? "" : found;
    }

    private static boolean isNamePart(char c) {
        return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z';
    }
}
