/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.api;

import io.skald.core.model.Labels;
import io.skald.core.model.Matcher;
import io.skald.core.scan.LogSource.StreamStats;
import io.skald.querier.source.MultiTenantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * How streams are added up to volumes.
 *
 * @param matchers of the query, and one for each target label that the query does not mention
 * @param names labels that tell volumes apart; empty for all
 * @param byLabel whether each label has a volume of its own, all its values together
 */
record Volumes(List<Matcher> matchers, Set<String> names, boolean byLabel) {
    /** Bytes of lines under some labels. */
    record Volume(Labels labels, long bytes) {}

    /**
     * Reads what a client asks.
     *
     * @param matchers none selects every stream
     * @param targets empty for those that the matchers name
     */
    static Volumes of(List<Matcher> matchers, List<String> targets, boolean byLabel) {
        List<Matcher> all = new ArrayList<>(matchers);
        Set<String> named = new HashSet<>();
        matchers.forEach(m -> named.add(m.name()));
        for (String t : targets) {
            if (named.add(t)) {
                all.add(new Matcher(t, Matcher.Op.REGEX, ".+"));
            }
        }
        Set<String> names = targets.isEmpty() ? byLabel ? Set.of() : named : Set.copyOf(targets);
        return new Volumes(List.copyOf(all), Set.copyOf(names), byLabel);
    }

    /** The largest first, at most so many. */
    List<Volume> of(List<StreamStats> streams, int limit) {
        Map<Labels, Long> sums = new HashMap<>();
        for (StreamStats s : streams) {
            if (byLabel) {
                for (String name : s.labels().names()) {
                    if (wanted(name)) {
                        sums.merge(new Labels.Builder().put(name, "").build(), s.bytes(), Long::sum);
                    }
                }
            } else {
                sums.merge(key(s.labels()), s.bytes(), Long::sum);
            }
        }
        return sums.entrySet().stream()
                .map(e -> new Volume(e.getKey(), e.getValue()))
                .sorted(Comparator.comparingLong(Volume::bytes).reversed().thenComparing(Volume::labels))
                .limit(limit)
                .toList();
    }

    private boolean wanted(String name) {
        return names.isEmpty() ? !name.equals(MultiTenantSource.TENANT_LABEL) : names.contains(name);
    }

    private Labels key(Labels labels) {
        Labels.Builder b = new Labels.Builder();
        for (int i = 0; i < labels.size(); i++) {
            if (wanted(labels.name(i))) {
                b.put(labels.name(i), labels.value(i));
            }
        }
        return b.build();
    }
}
