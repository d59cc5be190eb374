/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.eval;

import io.skald.core.model.Labels;
import io.skald.core.model.RequestException;
import io.skald.core.model.TenantId;
import io.skald.logql.ast.Expr;
import io.skald.logql.ast.LogExpr;
import io.skald.logql.ast.SampleExpr;
import io.skald.logql.engine.QueryResult.Line;
import io.skald.logql.engine.QueryResult.Sample;
import io.skald.logql.parser.Parser;
import io.skald.logql.parser.Printer;
import io.skald.querier.rules.eval.ActiveAlert.State;
import io.skald.querier.rules.eval.ExprParts.Window;
import io.skald.querier.rules.model.Condition;
import io.skald.querier.rules.model.Rule;
import io.skald.querier.rules.model.RuleGroup;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Evaluates one rule. Confined to the thread that evaluates its group; {@link #evaluate} changes nothing but what was recorded last. */
final class RuleEvaluator {
    /** The annotation with the newest lines of an alert, and the one with the link to them. */
    static final String SAMPLES = "samples";

    static final String EXPLORE = "explore";
    /** Alerts that begin to fire at once and get lines; the others are too many to look at. */
    private static final int MOST_SAMPLED = 20;

    private static final int MOST_LINE = 2048;

    private final RuleEnvironment env;
    private final TenantId tenant;
    private final RuleGroup group;
    private final Rule rule;
    private final long queryOffsetNanos;
    private @Nullable RuleTemplates templates;
    private Set<Labels> recordedBefore = new HashSet<>();

    RuleEvaluator(RuleEnvironment env, TenantId tenant, RuleGroup group, Rule rule) {
        this.env = env;
        this.tenant = tenant;
        this.group = group;
        this.rule = rule;
        this.queryOffsetNanos =
                group.queryOffset() == null ? 0 : group.queryOffset().toNanos();
    }

    Rule rule() {
        return rule;
    }

    /** The state after an evaluation. */
    RuleState evaluate(RuleState before, long at) throws RuleQueryException, InterruptedException {
        return switch (rule) {
            case Rule.Alert a -> alert(a, before, at);
            case Rule.Recording r -> {
                record(r, at);
                yield before;
            }
        };
    }

    private void record(Rule.Recording r, long at) throws RuleQueryException, InterruptedException {
        List<Recorded> out = new ArrayList<>();
        Set<Labels> now = new HashSet<>();
        for (Sample s : env.queries().instant(tenant, r.query().expr(), at - queryOffsetNanos)) {
            Labels labels = r.over(s.labels());
            Labels.Builder all = new Labels.Builder();
            group.labels().forEach(all::set);
            forEach(labels, all::set);
            Labels series = all.build();
            if (!now.add(series)) {
                throw new RuleQueryException(
                        "vector contains metrics with the same labelset after applying rule labels: " + series);
            }
            out.add(new Recorded(tenant, series, at, s.value()));
        }
        if (group.limit() > 0 && now.size() > group.limit()) {
            throw new RuleQueryException("exceeded limit of " + group.limit() + " with " + now.size() + " series");
        }
        for (Labels gone : recordedBefore) {
            if (!now.contains(gone)) {
                out.add(new Recorded(tenant, gone, at, Recorded.STALE));
            }
        }
        recordedBefore = now;
        env.recorded().record(out);
    }

    /** Ends the series of a rule that is no more. */
    void end(long at) {
        env.recorded()
                .record(recordedBefore.stream()
                        .map(l -> new Recorded(tenant, l, at, Recorded.STALE))
                        .toList());
        recordedBefore = new HashSet<>();
    }

    private RuleTemplates templates(Rule.Alert a) throws RuleQueryException {
        if (templates == null) {
            try {
                templates = new RuleTemplates(group, a);
            } catch (IllegalArgumentException e) {
                throw new RuleQueryException(String.valueOf(e.getMessage()), e);
            }
        }
        return templates;
    }

    private RuleState alert(Rule.Alert a, RuleState before, long at) throws RuleQueryException, InterruptedException {
        RuleTemplates t = templates(a);
        List<Sample> samples;
        RuleState state = before;
        switch (a.condition()) {
            case Condition.Query q -> samples = env.queries().instant(tenant, q.expr(), at - queryOffsetNanos);
            case Condition.Silence s -> {
                Silences.Found f = Silences.evaluate(env.queries(), tenant, s, before, at - queryOffsetNanos);
                samples = f.samples();
                state = new RuleState(before.alerts(), f.lastSeen(), f.seenUpTo());
            }
        }
        PrometheusFunctions functions =
                new PrometheusFunctions(text -> query(text, at), env.links().externalUrl());
        Map<Labels, ActiveAlert> alerts = Transitions.next(
                before.alerts(),
                samples,
                a,
                group.limit(),
                at,
                (series, value) ->
                        describe(a, t, functions, series, value, before.alerts().get(series), null));
        if (a.samples() > 0) {
            alerts = sampled(a, t, functions, alerts, before.alerts(), at);
        }
        return state.withAlerts(alerts);
    }

    private ActiveAlert describe(
            Rule.Alert a,
            RuleTemplates t,
            PrometheusFunctions functions,
            Labels series,
            double value,
            @Nullable ActiveAlert before,
            @Nullable Map<String, String> found) {
        Labels.Builder own = new Labels.Builder();
        forEach(series, own::set);
        own.remove("__name__");
        Map<String, Object> data = RuleTemplates.data(
                own.build(), value, env.externalLabels(), env.links().externalUrl());
        Map<String, String> lines = new TreeMap<>();
        if (found != null) {
            lines.putAll(found);
        } else if (before != null && before.state() == State.FIRING) {
            before.annotations().forEach((k, v) -> {
                if (a.samples() > 0 && (k.equals(SAMPLES) || k.equals(EXPLORE))) {
                    lines.put(k, v);
                }
            });
        }
        data.put("Samples", lines.getOrDefault(SAMPLES, ""));
        t.labels(data, functions).forEach(own::set);
        own.set("alertname", a.name());
        Map<String, String> annotations = new TreeMap<>(t.annotations(data, functions));
        annotations.putAll(lines);
        return new ActiveAlert(series, own.build(), annotations, State.PENDING, value, 0, 0, 0, 0);
    }

    private Map<Labels, ActiveAlert> sampled(
            Rule.Alert a,
            RuleTemplates t,
            PrometheusFunctions functions,
            Map<Labels, ActiveAlert> alerts,
            Map<Labels, ActiveAlert> before,
            long at)
            throws RuleQueryException, InterruptedException {
        Map<Labels, ActiveAlert> out = new TreeMap<>(alerts);
        int n = 0;
        for (ActiveAlert alert : alerts.values()) {
            ActiveAlert was = before.get(alert.series());
            boolean begins = alert.state() == State.FIRING && (was == null || was.state() != State.FIRING);
            if (begins && n++ < MOST_SAMPLED) {
                Map<String, String> found = samples(a, alert.series(), at - queryOffsetNanos);
                ActiveAlert d = describe(a, t, functions, alert.series(), alert.value(), null, found);
                out.put(
                        alert.series(),
                        new ActiveAlert(
                                alert.series(),
                                alert.labels(),
                                d.annotations(),
                                alert.state(),
                                alert.value(),
                                alert.activeAtNanos(),
                                alert.firedAtNanos(),
                                0,
                                0));
            }
        }
        return out;
    }

    private Map<String, String> samples(Rule.Alert a, Labels series, long at)
            throws RuleQueryException, InterruptedException {
        List<Window> windows = ExprParts.windows(rule);
        if (windows.isEmpty()) {
            return Map.of();
        }
        Window w = windows.getFirst();
        // a silent source has no lines in the window: its last ones stand before
        long back =
                a.condition() instanceof Condition.Silence s ? s.learnedFrom().toNanos() : w.backNanos();
        long start = at - back + 1;
        long end = at - w.untilNanos() + 1;
        LogExpr log = ExprParts.lines(w.log(), series);
        List<Line> lines = env.queries().newest(tenant, log, start, end, a.samples());
        if (lines.isEmpty()) {
            // labels that the lines do not have, as label_replace makes them
            log = w.log();
            lines = env.queries().newest(tenant, log, start, end, a.samples());
        }
        Map<String, String> out = new TreeMap<>();
        out.put(
                SAMPLES,
                lines.stream()
                        .map(l -> l.line().length() > MOST_LINE ? l.line().substring(0, MOST_LINE) + "…" : l.line())
                        .collect(Collectors.joining("\n")));
        out.put(EXPLORE, env.links().explore(Printer.print(log), start, end));
        return out;
    }

    /** Where the lines of an alert can be seen. */
    String link(long from, long to) {
        List<Window> windows = ExprParts.windows(rule);
        long back = windows.isEmpty() ? 0 : windows.getFirst().backNanos();
        String text = switch (rule) {
            case Rule.Recording r -> r.query().text();
            case Rule.Alert a ->
                switch (a.condition()) {
                    case Condition.Query q -> q.text();
                    case Condition.Silence s -> s.selector();
                };
        };
        return env.links().explore(text, from - back, to);
    }

    /** The query function of templates. */
    private List<Object> query(String text, long at) {
        try {
            Expr expr = Parser.parseExtended(text);
            if (!(expr instanceof SampleExpr sample)) {
                throw new IllegalArgumentException("a query in a template must give numbers");
            }
            List<Object> out = new ArrayList<>();
            for (Sample s : env.queries().instant(tenant, sample, at - queryOffsetNanos)) {
                Map<String, Object> one = new HashMap<>();
                one.put("Labels", RuleTemplates.map(s.labels()));
                one.put("Value", s.value());
                out.add(one);
            }
            return out;
        } catch (RequestException | RuleQueryException e) {
            throw new IllegalArgumentException(String.valueOf(e.getMessage()), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalArgumentException("the server is stopping", e);
        }
    }

    private interface Pair {
        void accept(String name, String value);
    }

    private static void forEach(Labels labels, Pair pair) {
        for (int i = 0; i < labels.size(); i++) {
            pair.accept(labels.name(i), labels.value(i));
        }
    }
}
