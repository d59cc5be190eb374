/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.pipeline;

import io.prometheus.client.CollectorRegistry;
import io.skald.agent.config.Section;
import io.skald.agent.pipeline.MetricsStage.Action;
import io.skald.agent.pipeline.MetricsStage.Definition;
import io.skald.agent.pipeline.MetricsStage.Family;
import io.skald.agent.pipeline.MetricsStage.Kind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Reads {@code metrics} stages. Stages that name the same metric, of whatever jobs, share it: a page that had it twice could not be read. Confined
 * to one thread.
 */
final class MetricsReader {
    private final CollectorRegistry registry;
    private final Map<String, Family> families = new HashMap<>();

    MetricsReader(CollectorRegistry registry) {
        this.registry = registry;
    }

    Stage read(Section in, String name) {
        List<MetricsStage.Use> uses = new ArrayList<>();
        Map<String, Section> metrics = in.named(name);
        metrics.forEach((metric, s) -> {
            Kind kind = kind(s);
            Section c = s.section("config");
            Definition d = new Definition(
                    s.text("prefix", "promtail_custom_") + metric,
                    kind,
                    s.text("description", metric),
                    kind == Kind.HISTOGRAM ? buckets(c) : List.of(),
                    idle(s));
            Action action = action(c, kind);
            String value = c.textOrNull("value");
            boolean all = kind == Kind.COUNTER && c.bool("match_all", false);
            boolean bytes = kind == Kind.COUNTER && c.bool("count_entry_bytes", false);
            if (all && value != null) {
                c.problem("value", "and match_all exclude each other");
            }
            if (bytes && !(all && action == Action.ADD)) {
                c.problem("count_entry_bytes", "needs match_all: true and action: add");
            }
            String source = s.text("source", metric);
            c.end();
            s.end();
            if (!d.name().matches("[a-zA-Z_:][a-zA-Z0-9_:]*")) {
                s.problem("'" + d.name() + "' is no name of a metric");
                return;
            }
            Family f = families.get(d.name());
            if (f == null) {
                f = new Family(d);
                families.put(d.name(), f);
                f.register(registry);
            } else if (f.definition().kind() != kind
                    || !f.definition().buckets().equals(d.buckets())) {
                s.problem("there is a metric " + d.name() + " of another type or with other buckets");
                return;
            }
            uses.add(new MetricsStage.Use(f, source, action, value, all, bytes));
        });
        if (metrics.isEmpty()) {
            in.problem(name, "needs at least one metric");
        }
        return new MetricsStage(uses);
    }

    private static Kind kind(Section s) {
        String type = s.required("type");
        return switch (type.toLowerCase(Locale.ROOT)) {
            case "counter" -> Kind.COUNTER;
            case "histogram" -> Kind.HISTOGRAM;
            case "gauge", "" -> Kind.GAUGE; // a missing one has been reported
            default -> {
                s.problem("type", "'" + type + "' is none of Counter, Gauge, Histogram");
                yield Kind.GAUGE;
            }
        };
    }

    private static long idle(Section s) {
        Duration idle = s.duration("max_idle_duration", Duration.ofMinutes(5));
        if (idle.compareTo(Duration.ofSeconds(1)) < 0) {
            s.problem("max_idle_duration", "must be at least 1s");
        }
        return idle.toNanos();
    }

    private static Action action(Section c, Kind kind) {
        if (kind == Kind.HISTOGRAM) {
            String action = c.text("action", "observe");
            if (!List.of("observe", "inc", "add").contains(action.toLowerCase(Locale.ROOT))) {
                c.problem("action", "of a histogram there is only observe");
            }
            return Action.OBSERVE;
        }
        String action = c.required("action");
        boolean gauge = kind == Kind.GAUGE;
        return switch (action.toLowerCase(Locale.ROOT)) {
            case "inc", "" -> Action.INC; // a missing one has been reported
            case "add" -> Action.ADD;
            case "set" -> gaugeOnly(c, action, gauge, Action.SET);
            case "dec" -> gaugeOnly(c, action, gauge, Action.DEC);
            case "sub" -> gaugeOnly(c, action, gauge, Action.SUB);
            default -> {
                c.problem("action", "'" + action + "' is none of " + (gauge ? "set, inc, dec, add, sub" : "inc, add"));
                yield Action.INC;
            }
        };
    }

    private static Action gaugeOnly(Section c, String action, boolean gauge, Action a) {
        if (!gauge) {
            c.problem("action", "'" + action + "' is for gauges only");
        }
        return a;
    }

    private static List<Double> buckets(Section c) {
        List<Double> out = new ArrayList<>();
        for (String b : c.list("buckets")) {
            try {
                out.add(Double.valueOf(b));
            } catch (NumberFormatException e) {
                c.problem("buckets", "'" + b + "' is not a number");
            }
        }
        out.sort(null);
        return out.isEmpty() ? List.of(.005, .01, .025, .05, .1, .25, .5, 1.0, 2.5, 5.0, 10.0) : out;
    }
}
