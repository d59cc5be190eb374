/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.gaps;

import io.skald.core.model.TenantId;
import io.skald.core.wire.HeldLines;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What is missing of a generation of a file.
 *
 * @param tenants whose lines were in it
 * @param holes lines that no ingester has, in order
 * @param givenUp lines that the agent had to give up, by the push that said so
 */
record Gap(HeldLines.Origin origin, List<TenantId> tenants, List<Hole> holes, List<HeldLines.GivenUp> givenUp) {
    /**
     * Lines that are missing.
     *
     * @param end the number behind the last
     * @param sinceMillis when that was first seen
     */
    record Hole(long first, long end, long sinceMillis) {}

    /** Lines missing since before a time, or given up. */
    long lines(long beforeMillis) {
        long n = holes.stream()
                .filter(h -> h.sinceMillis <= beforeMillis)
                .mapToLong(h -> h.end - h.first)
                .sum();
        return n + givenUp.stream().mapToLong(HeldLines.GivenUp::missing).sum();
    }

    /** What is missing where ingesters hold this: a line that one of them has is not. */
    static List<Gap> of(List<HeldLines> held) {
        Map<HeldLines.Origin, List<HeldLines>> byOrigin = new LinkedHashMap<>();
        held.forEach(h ->
                byOrigin.computeIfAbsent(h.origin(), o -> new ArrayList<>()).add(h));
        List<Gap> gaps = new ArrayList<>();
        byOrigin.forEach((origin, parts) -> {
            Set<TenantId> tenants = new LinkedHashSet<>();
            Map<Long, HeldLines.GivenUp> givenUp = new HashMap<>();
            List<HeldLines.Span> spans = new ArrayList<>();
            for (HeldLines p : parts) {
                tenants.addAll(p.tenants());
                spans.addAll(p.spans());
                p.givenUp().forEach(g -> givenUp.merge(g.first(), g, (a, b) -> a.missing() >= b.missing() ? a : b));
            }
            List<Hole> holes = holes(spans);
            if (!holes.isEmpty() || !givenUp.isEmpty()) {
                List<HeldLines.GivenUp> sorted = givenUp.values().stream()
                        .sorted(Comparator.comparingLong(HeldLines.GivenUp::first))
                        .toList();
                gaps.add(new Gap(origin, List.copyOf(tenants), holes, sorted));
            }
        });
        return gaps;
    }

    private static List<Hole> holes(List<HeldLines.Span> spans) {
        spans.sort(Comparator.comparingLong(HeldLines.Span::first));
        List<Hole> holes = new ArrayList<>();
        long expected = 0;
        for (HeldLines.Span s : spans) {
            long found = s.first();
            if (found > expected) {
                holes.add(new Hole(expected, found, s.sinceMillis()));
            }
            expected = Math.max(expected, s.end());
        }
        return holes;
    }
}
