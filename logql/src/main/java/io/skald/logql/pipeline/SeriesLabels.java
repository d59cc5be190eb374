/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline;

import io.skald.core.model.Labels;
import io.skald.logql.ast.SampleExpr;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Applies the grouping of a range aggregation. Remembers the labels of earlier lines, so that equal ones are one object. Confined to one
 * thread.
 */
final class SeriesLabels {
    private static final int MAX_REMEMBERED = 4096;

    private final SampleExpr.@Nullable Grouping grouping;
    private final @Nullable String unwrapped;
    private final String[] by;
    private final @Nullable String[] last;
    private @Nullable Labels lastLabels;
    private final Map<List<@Nullable String>, Labels> byValues = new HashMap<>();
    /** The same for a single label; an empty value stands for none. */
    private final Map<String, Labels> byValue = new HashMap<>();

    private final Map<Labels, Labels> byLabels = new HashMap<>();

    SeriesLabels(SampleExpr.@Nullable Grouping grouping, @Nullable String unwrapped) {
        this.grouping = grouping;
        this.unwrapped = unwrapped;
        this.by = grouping == null || grouping.without()
                ? new String[0]
                : grouping.labels().stream().distinct().sorted().toArray(String[]::new);
        this.last = new String[by.length];
    }

    Labels of(LineState state) {
        if (state.hasError()) {
            // all of them, so that the error can be told with its series
            return state.allLabels();
        }
        if (grouping == null) {
            return unwrapped == null && state.untouched() ? state.stream : without(state, List.of());
        }
        return grouping.without() ? without(state, grouping.labels()) : by(state);
    }

    private Labels by(LineState state) {
        if (by.length == 0) {
            return Labels.EMPTY;
        }
        boolean same = lastLabels != null;
        for (int i = 0; i < by.length; i++) {
            String v = state.get(by[i]);
            if (v != null && v.isEmpty()) {
                v = null;
            }
            String before = last[i];
            if (same && (v == null ? before != null : !v.equals(before))) {
                same = false;
            }
            last[i] = v;
        }
        Labels l = lastLabels;
        if (same && l != null) {
            return l;
        }
        // a list of one would be made for every line whose value is not that of the line before
        String only = last[0] == null ? "" : last[0];
        Labels known = by.length == 1 ? byValue.get(only) : byValues.get(Arrays.asList(last));
        if (known == null) {
            known = build();
            if (byValue.size() + byValues.size() < MAX_REMEMBERED) {
                if (by.length == 1) {
                    byValue.put(only, known);
                } else {
                    byValues.put(Arrays.asList(last.clone()), known);
                }
            }
        }
        lastLabels = known;
        return known;
    }

    private Labels build() {
        Labels.Builder b = new Labels.Builder();
        for (int i = 0; i < by.length; i++) {
            String v = last[i];
            if (v != null) {
                b.set(by[i], v);
            }
        }
        return b.build();
    }

    private Labels without(LineState state, List<String> names) {
        Labels all = state.allLabels();
        Labels.Builder b = new Labels.Builder();
        for (int i = 0; i < all.size(); i++) {
            String name = all.name(i);
            if (!name.equals(unwrapped) && !names.contains(name)) {
                b.set(name, all.value(i));
            }
        }
        Labels made = b.build();
        Labels known = byLabels.get(made);
        if (known != null) {
            return known;
        }
        if (byLabels.size() < MAX_REMEMBERED) {
            byLabels.put(made, made);
        }
        return made;
    }
}
