/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.notify;

import io.skald.core.model.Labels;
import io.skald.querier.rules.eval.Outgoing;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Of alerts that are told of again and again, those that began or ended, and every four hours those that go on: what people want to read.
 * Confined to one thread.
 */
final class News {
    private static final long REPEAT = Duration.ofHours(4).toNanos();

    private record Seen(long startsAt, boolean resolved, long atNanos) {}

    private final Map<Labels, Seen> seen = new HashMap<>();

    List<Outgoing> of(List<Outgoing> alerts, long monotonicNanos) {
        List<Outgoing> out = new ArrayList<>();
        for (Outgoing a : alerts) {
            Seen before = seen.get(a.labels());
            if (before == null) {
                if (a.resolved()) {
                    continue; // nobody was told of it
                }
            } else if (before.startsAt == a.startsAtNanos()
                    && before.resolved == a.resolved()
                    && monotonicNanos - before.atNanos < REPEAT) {
                continue;
            }
            out.add(a);
            seen.put(a.labels(), new Seen(a.startsAtNanos(), a.resolved(), monotonicNanos));
        }
        seen.values().removeIf(s -> s.resolved && monotonicNanos - s.atNanos > REPEAT);
        return out;
    }
}
