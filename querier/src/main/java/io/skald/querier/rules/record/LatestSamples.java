/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.record;

import io.skald.core.model.Labels;
import io.skald.core.model.TenantId;
import io.skald.querier.rules.eval.Recorded;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The last value of every recorded series, in Prometheus' text format. Thread-safe: guarded by itself. */
public final class LatestSamples implements Recorded.Sink {
    /** Series that are kept; those that come on top are not shown. */
    private static final int MOST = 200_000;

    private final Map<TenantId, TreeMap<Labels, Recorded>> last = new HashMap<>();
    private final Labels externalLabels;
    private int size;

    public LatestSamples(Labels externalLabels) {
        this.externalLabels = externalLabels;
    }

    @Override
    public synchronized void record(List<Recorded> samples) {
        for (Recorded s : samples) {
            TreeMap<Labels, Recorded> tenant = last.computeIfAbsent(s.tenant(), t -> new TreeMap<>());
            if (s.stale()) {
                size -= tenant.remove(s.labels()) == null ? 0 : 1;
            } else if (tenant.containsKey(s.labels()) || size < MOST) {
                size += tenant.put(s.labels(), s) == null ? 1 : 0;
            }
        }
    }

    /** Series of a tenant, with the time of their evaluation. */
    public synchronized String text(TenantId tenant) {
        StringBuilder out = new StringBuilder();
        Map<String, StringBuilder> byName = new TreeMap<>();
        Collection<Recorded> all = last.getOrDefault(tenant, new TreeMap<>()).values();
        for (Recorded s : all) {
            String name = s.labels().getOrEmpty("__name__");
            StringBuilder b = byName.computeIfAbsent(
                    name, n -> new StringBuilder("# TYPE ").append(n).append(" untyped\n"));
            b.append(name);
            Labels labels = with(s.labels());
            if (!labels.isEmpty()) {
                b.append('{');
                for (int i = 0; i < labels.size(); i++) {
                    b.append(i == 0 ? "" : ",")
                            .append(labels.name(i))
                            .append("=\"")
                            .append(labels.value(i)
                                    .replace("\\", "\\\\")
                                    .replace("\"", "\\\"")
                                    .replace("\n", "\\n"))
                            .append('"');
                }
                b.append('}');
            }
            b.append(' ')
                    .append(number(s.value()))
                    .append(' ')
                    .append(s.atNanos() / 1_000_000)
                    .append('\n');
        }
        byName.values().forEach(out::append);
        return out.toString();
    }

    private Labels with(Labels labels) {
        Labels.Builder b = new Labels.Builder();
        for (Labels each : List.of(externalLabels, labels)) {
            for (int i = 0; i < each.size(); i++) {
                b.set(each.name(i), each.value(i));
            }
        }
        return b.remove("__name__").build();
    }

    private static String number(double v) {
        return Double.isInfinite(v) ? v > 0 ? "+Inf" : "-Inf" : Double.toString(v);
    }
}
