/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline;

import io.skald.core.model.Labels;
import io.skald.logql.ast.SampleExpr;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Applies the grouping of a range aggregation. Remembers the labels of earlier lines, so that equal ones are one object, and numbers them where that
 * is cheaper than to compare them. Confined to one thread.
 */
final class SeriesLabels {
    private static final int MAX_REMEMBERED = 4096;

    private final SampleExpr.@Nullable Grouping grouping;
    private final @Nullable String unwrapped;
    /** For a grouping by names. */
    private final @Nullable GroupValues values;

    private final Map<Labels, Labels> byLabels = new HashMap<>();

    /** For the other groupings: numbers of the series of lines whose labels no stage has touched, by their metadata. */
    private final Map<Labels, Integer> byMetadata = new HashMap<>();

    private final int firstNumber;

    private @Nullable Labels lastMetadata;
    private int lastNumber;

    SeriesLabels(SampleExpr.@Nullable Grouping grouping, @Nullable String unwrapped) {
        this(grouping, unwrapped, 0);
    }

    private SeriesLabels(SampleExpr.@Nullable Grouping grouping, @Nullable String unwrapped, int firstNumber) {
        this.grouping = grouping;
        this.unwrapped = unwrapped;
        this.firstNumber = firstNumber;
        this.values = grouping == null || grouping.without()
                ? null
                : new GroupValues(grouping.labels().stream().distinct().sorted().toArray(String[]::new));
    }

    /** For the lines of another stream; numbers go on. */
    SeriesLabels forNextStream() {
        // a grouping by names depends on nothing but their values
        return values != null ? this : new SeriesLabels(grouping, unwrapped, firstNumber + byMetadata.size());
    }

    Labels of(LineState state) {
        if (state.hasError()) {
            // all of them, so that the error can be told with its series
            return state.allLabels();
        }
        if (values != null) {
            return values.labels(state);
        }
        if (grouping == null) {
            return unwrapped == null && state.untouched() ? state.stream : without(state, List.of());
        }
        return without(state, grouping.labels());
    }

    /** As {@link SamplePipeline#seriesNumber}. */
    @SuppressWarnings("ReferenceEquality") // the same object is the common case, and only spares work
    int number(LineState state) {
        if (state.hasError()) {
            return -1;
        }
        if (values != null) {
            return values.number(state);
        }
        if (!state.asItCame()) {
            return -1;
        }
        if (state.metadata == lastMetadata) {
            return lastNumber;
        }
        Integer known = byMetadata.get(state.metadata);
        if (known == null) {
            if (byMetadata.size() == MAX_REMEMBERED) {
                return -1;
            }
            known = firstNumber + byMetadata.size();
            byMetadata.put(state.metadata, known);
        }
        lastMetadata = state.metadata;
        lastNumber = known;
        return known;
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
