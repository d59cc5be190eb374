/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.pipeline;

import io.prometheus.client.Collector;
import io.skald.core.model.Labels;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** {@code metrics}: counts and measures, with the labels that entries have at this stage. */
final class MetricsStage extends Stage.Simple {
    /** What kind a metric is of. */
    enum Kind {
        COUNTER,
        GAUGE,
        HISTOGRAM
    }

    /** What is done with the value. */
    enum Action {
        SET,
        INC,
        DEC,
        ADD,
        SUB,
        OBSERVE
    }

    /**
     * One metric.
     *
     * @param buckets upper bounds of a histogram, ascending
     * @param maxIdleNanos a series that is not touched for so long goes
     */
    record Definition(String name, Kind kind, String help, List<Double> buckets, long maxIdleNanos) {
        Definition {
            buckets = List.copyOf(buckets);
        }
    }

    /**
     * What a stage does to a metric.
     *
     * @param source what is extracted and looked at
     * @param value only values equal to it count; null for all
     * @param matchAll whether every entry counts
     * @param countBytes whether the length of the line is what is added
     */
    record Use(
            Family family,
            String source,
            Action action,
            @Nullable String value,
            boolean matchAll,
            boolean countBytes) {}

    /** A metric's series; the registry reads it from other threads. Thread-safe. */
    static final class Family extends Collector {
        private final Definition definition;
        private final Map<Labels, Series> series = new HashMap<>();

        Family(Definition definition) {
            this.definition = definition;
        }

        Definition definition() {
            return definition;
        }

        private static final class Series {
            double value;
            double sum;
            final long[] buckets;
            long touchedNanos;

            Series(int buckets) {
                this.buckets = new long[buckets];
            }
        }

        synchronized void update(Labels labels, Action action, double v) {
            if (definition.kind == Kind.COUNTER && !(v >= 0)) {
                return; // a counter only goes up
            }
            Series s = series.computeIfAbsent(labels, l -> new Series(definition.buckets.size()));
            s.touchedNanos = System.nanoTime();
            switch (action) {
                case SET -> s.value = v;
                case INC -> s.value++;
                case DEC -> s.value--;
                case ADD -> s.value += v;
                case SUB -> s.value -= v;
                case OBSERVE -> {
                    s.value++;
                    s.sum += v;
                    for (int i = 0; i < s.buckets.length; i++) {
                        if (v <= definition.buckets.get(i)) {
                            s.buckets[i]++;
                        }
                    }
                }
            }
        }

        @Override
        public synchronized List<MetricFamilySamples> collect() {
            long now = System.nanoTime();
            for (Iterator<Series> i = series.values().iterator(); i.hasNext(); ) {
                if (now - i.next().touchedNanos > definition.maxIdleNanos) {
                    i.remove();
                }
            }
            List<MetricFamilySamples.Sample> samples = new ArrayList<>();
            series.forEach((labels, s) -> {
                List<String> names = labels.names();
                List<String> values = names.stream().map(labels::getOrEmpty).toList();
                if (definition.kind == Kind.HISTOGRAM) {
                    histogram(s, names, values, samples);
                } else {
                    samples.add(new MetricFamilySamples.Sample(definition.name, names, values, s.value));
                }
            });
            // a counter's name would get a suffix that nobody has written
            boolean total = definition.name.endsWith("_total");
            Type type = switch (definition.kind) {
                case COUNTER -> total ? Type.COUNTER : Type.UNKNOWN;
                case GAUGE -> Type.GAUGE;
                case HISTOGRAM -> Type.HISTOGRAM;
            };
            String family = total && definition.kind == Kind.COUNTER
                    ? definition.name.substring(0, definition.name.length() - "_total".length())
                    : definition.name;
            return List.of(new MetricFamilySamples(family, type, definition.help, samples));
        }

        private void histogram(Series s, List<String> names, List<String> values, List<MetricFamilySamples.Sample> to) {
            List<String> withBound = new ArrayList<>(names);
            withBound.add("le");
            for (int b = 0; b <= s.buckets.length; b++) {
                boolean last = b == s.buckets.length;
                List<String> at = new ArrayList<>(values);
                at.add(last ? "+Inf" : doubleToGoString(definition.buckets.get(b)));
                to.add(new MetricFamilySamples.Sample(
                        definition.name + "_bucket", withBound, at, last ? s.value : (double) s.buckets[b]));
            }
            to.add(new MetricFamilySamples.Sample(definition.name + "_count", names, values, s.value));
            to.add(new MetricFamilySamples.Sample(definition.name + "_sum", names, values, s.sum));
        }
    }

    private final List<Use> uses;

    MetricsStage(List<Use> uses) {
        this.uses = List.copyOf(uses);
    }

    @Override
    boolean apply(LogEntry e) {
        for (Use u : uses) {
            if (u.matchAll) {
                u.family.update(e.labels(), u.action, u.countBytes ? e.length() : 1);
                continue;
            }
            Object v = e.extracted(u.source);
            String text = Values.text(v);
            if (text == null || u.value != null && !u.value.equals(text)) {
                continue;
            }
            boolean counts = u.action == Action.INC || u.action == Action.DEC;
            Double n = counts ? Double.valueOf(1) : Values.number(v);
            if (n != null) {
                u.family.update(e.labels(), u.action, n);
            }
        }
        return true;
    }
}
