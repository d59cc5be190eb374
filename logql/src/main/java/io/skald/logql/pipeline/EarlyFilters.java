/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline;

import io.skald.logql.ast.LabelFilter;
import io.skald.logql.ast.Stage;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The conditions behind a parser that look at one label each. A parser tests them as soon as it has found the label, and drops the line
 * without parsing the rest. So what counts is the value that was parsed, even where {@code label_format} writes another one before the
 * condition: clients know it so. Confined to one thread.
 */
final class EarlyFilters {
    static final EarlyFilters NONE = new EarlyFilters(Map.of());

    private final Map<String, Step> byLabel;
    /** What was asked for last, and its condition. */
    private @Nullable String lastLabel;

    private @Nullable Step last;

    private EarlyFilters(Map<String, Step> byLabel) {
        this.byLabel = byLabel;
    }

    /** Of the stages behind a parser; of several conditions on a label the first. */
    static Map<String, LabelFilter> of(List<Stage> behind) {
        Map<String, LabelFilter> out = new HashMap<>();
        for (Stage s : behind) {
            if (s instanceof Stage.LabelFilterStage stage && isSingle(stage.filter())) {
                Set<String> names = new HashSet<>();
                LabelFilters.addNames(stage.filter(), names);
                out.putIfAbsent(names.iterator().next(), stage.filter());
            }
        }
        return Map.copyOf(out);
    }

    private static boolean isSingle(LabelFilter filter) {
        return switch (filter) {
            case LabelFilter.StringFilter f -> true;
            case LabelFilter.NumberFilter f -> true;
            case LabelFilter.DurationFilter f -> true;
            case LabelFilter.BytesFilter f -> true;
            case LabelFilter.IpFilter f -> true;
            case LabelFilter.And f -> false;
            case LabelFilter.Or f -> false;
        };
    }

    /** The same, for one thread. */
    static EarlyFilters bind(Map<String, LabelFilter> filters) {
        if (filters.isEmpty()) {
            return NONE;
        }
        Map<String, Step> steps = new HashMap<>();
        filters.forEach((name, f) -> steps.put(name, LabelFilters.step(f)));
        return new EarlyFilters(steps);
    }

    /** Whether a label that was just set rules the line out. */
    @SuppressWarnings("ReferenceEquality") // parsers ask with the same objects at each line
    boolean drops(String label, LineState state) {
        if (byLabel.isEmpty()) {
            // the one that all threads share
            return false;
        }
        if (label != lastLabel) {
            lastLabel = label;
            last = byLabel.get(label);
        }
        Step step = last;
        return step != null && !step.apply(state);
    }
}
