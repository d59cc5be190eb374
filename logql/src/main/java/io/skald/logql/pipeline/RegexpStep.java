/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline;

import com.google.re2j.Matcher;
import com.google.re2j.Pattern;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** {@code | regexp "(?P<name>…)"}. */
final class RegexpStep implements Step {
    /** A group and its label. */
    record Group(int index, String label) {}

    private final Needed needed;
    private final RegexpMatcher matcher;
    private final List<Group> groups;
    private final EarlyFilters early;

    RegexpStep(Needed needed, RegexpMatcher matcher, List<Group> groups, EarlyFilters early) {
        this.needed = needed;
        this.matcher = matcher;
        this.groups = groups;
        this.early = early;
    }

    /** @throws PipelineException if no group has a name, or two have the same */
    static List<Group> groups(Pattern pattern) {
        List<Group> out = new ArrayList<>();
        Set<String> seen = new HashSet<>();
        for (Map.Entry<String, Integer> e : pattern.namedGroups().entrySet()) {
            String label = LabelNames.sanitize(e.getKey());
            if (!seen.add(label)) {
                throw new PipelineException("duplicate extracted label name '" + e.getKey() + "'");
            }
            out.add(new Group(e.getValue(), label));
        }
        if (out.isEmpty()) {
            throw new PipelineException("at least one named capture must be supplied");
        }
        out.sort(java.util.Comparator.comparingInt(Group::index));
        return List.copyOf(out);
    }

    @Override
    public boolean apply(LineState state) {
        if (needed.none()) {
            return true;
        }
        byte[] b = state.buffer();
        int from = state.offset();
        int to = state.end();
        if (!Utf8.isValid(b, from, to)) {
            // offsets of a match must fit the bytes
            b = state.line().getBytes(java.nio.charset.StandardCharsets.UTF_8);
            from = 0;
            to = b.length;
        }
        Matcher m = matcher.find(b, from, to);
        if (m == null) {
            return true;
        }
        for (Group g : groups) {
            if (needed.wants(g.label())) {
                String label = state.parsedName(g.label());
                int start = m.start(g.index());
                int length = start < 0 ? 0 : m.end(g.index()) - start;
                if (state.extract(label, b, from + Math.max(0, start), length, LineState.Encoding.PLAIN)
                        && early.drops(label, state)) {
                    return false;
                }
            }
        }
        return true;
    }
}
