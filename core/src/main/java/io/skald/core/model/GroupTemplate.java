/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.model;

import com.google.re2j.Matcher;
import org.jspecify.annotations.Nullable;

/**
 * Text that names groups of a match: {@code $1}, {@code ${1}}, {@code $name}, {@code ${name}}, as Go's {@code Regexp.Expand} reads it. A name
 * is as long as it can be, {@code $$} is a dollar, a group that is not there is empty, and a dollar that begins no reference stands for itself.
 */
public final class GroupTemplate {
    private GroupTemplate() {}

    /** The template with what a successful match found put in. */
    public static String expand(String template, Matcher match) {
        int dollar = template.indexOf('$');
        if (dollar < 0) {
            return template;
        }
        StringBuilder out = new StringBuilder();
        int i = 0;
        while (dollar >= 0) {
            out.append(template, i, dollar);
            if (template.startsWith("$", dollar + 1)) {
                out.append('$');
                i = dollar + 2;
            } else {
                i = reference(template, dollar, match, out);
            }
            dollar = template.indexOf('$', i);
        }
        return out.append(template, i, template.length()).toString();
    }

    /** Writes what the dollar at an offset stands for; returns where the text goes on. */
    private static int reference(String template, int dollar, Matcher match, StringBuilder out) {
        boolean braces = template.startsWith("{", dollar + 1);
        int from = dollar + (braces ? 2 : 1);
        int to = from;
        while (to < template.length() && isNamePart(template.codePointAt(to))) {
            to += Character.charCount(template.codePointAt(to));
        }
        if (to == from || braces && !template.startsWith("}", to)) {
            out.append('$');
            return dollar + 1;
        }
        String found = group(match, template.substring(from, to));
        out.append(found == null ? "" : found);
        return braces ? to + 1 : to;
    }

    private static @Nullable String group(Matcher match, String name) {
        if (name.chars().allMatch(c -> c >= '0' && c <= '9')) {
            // more digits than an int holds cannot be a group either
            int n = name.length() > 9 ? Integer.MAX_VALUE : Integer.parseInt(name);
            return n <= match.groupCount() ? match.group(n) : null;
        }
        return match.pattern().namedGroups().containsKey(name) ? match.group(name) : null;
    }

    private static boolean isNamePart(int c) {
        return c == '_' || Character.isLetter(c) || Character.isDigit(c);
    }
}
