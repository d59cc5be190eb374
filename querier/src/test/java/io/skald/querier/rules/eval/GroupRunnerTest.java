/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.eval;

import static io.skald.querier.rules.eval.RulesFixture.SECOND;
import static io.skald.querier.rules.eval.RulesFixture.START;
import static org.assertj.core.api.Assertions.assertThat;

import io.skald.core.model.Labels;
import io.skald.core.model.TenantId;
import io.skald.logql.ast.SampleExpr;
import io.skald.logql.engine.QueryResult.Sample;
import io.skald.querier.rules.eval.ActiveAlert.State;
import io.skald.querier.rules.eval.GroupStatus.RuleStatus;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class GroupRunnerTest {
    private static final String ERRORS = """
            name: g
            interval: 10s
            rules:
              - alert: Errors
                expr: 'sum by (app) (count_over_time({app=~".+"} |= "error" [30s])) > 2'
                for: 20s
                keep_firing_for: 15s
                labels: {severity: '{{ if gt $value 2.0 }}page{{ else }}mail{{ end }}'}
                annotations: {summary: '{{ $labels.app }}: {{ $value }} in {{ $externalLabels.cluster }}'}
                samples: 2
            """;

    private final RulesFixture f = new RulesFixture();

    @AfterEach
    void close() {
        f.close();
    }

    private RuleStatus only(GroupRunner r) {
        return Objects.requireNonNull(r.status()).rules().getFirst();
    }

    private State state(GroupRunner r) {
        return only(r).state();
    }

    private void burst(int n) {
        for (int i = 0; i < n; i++) {
            f.add(f.now - i * SECOND, "error " + i, "app", "web", "pod", "p" + i);
        }
    }

    @Test
    void anAlertGoesFromPendingToFiringToResolved() throws Exception {
        GroupRunner r = f.runner(ERRORS);
        f.pass(r, 60 * SECOND);
        assertThat(state(r)).isEqualTo(State.INACTIVE);
        burst(3);
        f.pass(r, 10 * SECOND);
        assertThat(state(r)).isEqualTo(State.PENDING);
        assertThat(f.told).isEmpty();
        long active = only(r).alerts().getFirst().activeAtNanos();
        burst(3);
        f.pass(r, 20 * SECOND);
        assertThat(state(r)).isEqualTo(State.FIRING);
        assertThat(f.told).hasSize(1);
        Outgoing o = f.told.getFirst();
        assertThat(o.labels()).isEqualTo(Labels.of("alertname", "Errors", "app", "web", "severity", "page"));
        assertThat(o.startsAtNanos()).isEqualTo(active + 20 * SECOND);
        assertThat(o.resolved()).isFalse();
        assertThat(o.endsAtNanos()).isGreaterThanOrEqualTo(f.now + 230 * SECOND);
        assertThat(o.annotations())
                .containsEntry("summary", "web: 6 in c1")
                .containsEntry("samples", "error 0\nerror 1");
        String link = URLDecoder.decode(o.annotations().getOrDefault("explore", ""), StandardCharsets.UTF_8);
        assertThat(link)
                .startsWith("https://grafana.example/explore?")
                .contains("\"expr\":\"{app=~\\\".+\\\"} |= \\\"error\\\" | app=\\\"web\\\"\"")
                .contains("\"from\":\"" + (active / 1_000_000 - 10_000));
        assertThat(o.link()).contains("explore");
        // the lines go, the alert stays for keep_firing_for, and no line of the annotation is lost
        f.pass(r, 20 * SECOND);
        assertThat(state(r)).isEqualTo(State.FIRING);
        f.pass(r, 20 * SECOND);
        assertThat(state(r)).isEqualTo(State.INACTIVE);
        assertThat(f.told).hasSize(2);
        assertThat(f.told.getLast().resolved()).isTrue();
        assertThat(f.told.getLast().annotations()).containsEntry("samples", "error 0\nerror 1");
        assertThat(f.told.getLast().startsAtNanos()).isEqualTo(o.startsAtNanos());
        // shown for a while, then forgotten
        f.pass(r, 16 * 60 * SECOND);
        assertThat(only(r).alerts()).isEmpty();
    }

    @Test
    void aFiringAlertIsToldOfAgain() throws Exception {
        GroupRunner r =
                f.runner("name: g\ninterval: 10s\nrules: [{alert: A, expr: 'vector(1) > 0'}, {alert: B, expr: '1'}]");
        f.pass(r, 125 * SECOND);
        assertThat(f.told.stream()
                        .filter(o -> o.labels().getOrEmpty("alertname").equals("A")))
                .hasSize(3);
        assertThat(f.told.stream().map(Outgoing::startsAtNanos).distinct()).hasSize(1);
    }

    @Test
    void stateSurvivesARestart() throws Exception {
        GroupRunner r = f.runner(ERRORS);
        f.pass(r, 15 * SECOND);
        burst(3);
        f.pass(r, 10 * SECOND);
        long active = only(r).alerts().getFirst().activeAtNanos();
        r.close();
        // killed: nothing was said goodbye to
        f.now += 5 * SECOND;
        burst(3);
        GroupRunner again = f.runner(ERRORS);
        assertThat(state(again)).isEqualTo(State.PENDING);
        f.pass(again, 15 * SECOND);
        assertThat(state(again)).isEqualTo(State.FIRING);
        assertThat(only(again).alerts().getFirst().activeAtNanos()).isEqualTo(active);
        assertThat(f.told.getFirst().startsAtNanos()).isEqualTo(active + 20 * SECOND);
        again.close();
        // a rule that is no more ends its alerts
        GroupRunner other = f.runner("name: g\ninterval: 10s\nrules: [{alert: Other, expr: '{app=\"x\"}'}]"
                .replace("'{app=\"x\"}'", "'sum(count_over_time({app=\"x\"}[1m]))'"));
        f.pass(other, 10 * SECOND);
        assertThat(f.told.getLast().resolved()).isTrue();
        assertThat(f.told.getLast().labels().getOrEmpty("alertname")).isEqualTo("Errors");
    }

    @Test
    void whatIsTooOldBeginsAnew() throws Exception {
        GroupRunner r = f.runner("name: g\ninterval: 10s\nrules: [{alert: A, expr: '1', for: 1m}]");
        f.pass(r, 90 * SECOND);
        assertThat(state(r)).isEqualTo(State.FIRING);
        f.now += 3700 * SECOND;
        GroupRunner again = f.runner("name: g\ninterval: 10s\nrules: [{alert: A, expr: '1', for: 1m}]");
        f.pass(again, 15 * SECOND);
        assertThat(state(again)).isEqualTo(State.PENDING);
    }

    @Test
    void failuresAreRetriedAndShown() throws Exception {
        RuleQueries good = f.queries;
        int[] failures = {2};
        f.queries = new RuleQueries() {
            @Override
            public List<Sample> instant(TenantId tenant, SampleExpr expr, long at)
                    throws RuleQueryException, InterruptedException {
                if (failures[0]-- > 0) {
                    throw new RuleQueryException("the answer is not complete: ingester a did not answer");
                }
                return good.instant(tenant, expr, at);
            }

            @Override
            public List<io.skald.logql.engine.QueryResult.Series> range(
                    TenantId tenant, SampleExpr expr, long start, long end, long step) {
                return List.of();
            }

            @Override
            public List<io.skald.logql.engine.QueryResult.Line> newest(
                    TenantId tenant, io.skald.logql.ast.LogExpr expr, long start, long end, int limit) {
                return List.of();
            }
        };
        GroupRunner r = f.runner("name: g\ninterval: 10s\nrules: [{alert: A, expr: '1'}]");
        f.now = f.due;
        long moment = f.due;
        f.due = r.step(f.now);
        assertThat(only(r).health()).isEqualTo("err");
        assertThat(only(r).lastError()).contains("did not answer");
        assertThat(f.due - f.now).isEqualTo(SECOND);
        f.pass(r, 3 * SECOND);
        assertThat(only(r).health()).isEqualTo("ok");
        assertThat(only(r).alerts().getFirst().activeAtNanos()).isEqualTo(moment);
        assertThat(f.told).hasSize(1);
    }

    @Test
    void limitsAndDuplicatesFail() throws Exception {
        for (int i = 0; i < 3; i++) {
            f.add(START - SECOND, "x", "app", "a" + i);
        }
        String[][] table = {
            {
                "name: g\ninterval: 10s\nlimit: 2\nrules: [{alert: A, expr: 'count_over_time({app=~\".+\"}[5m])'}]",
                "exceeded limit of 2 with 3 alerts"
            },
            {
                "name: g\ninterval: 10s\nlimit: 2\nrules: [{record: a, expr: 'count_over_time({app=~\".+\"}[5m])'}]",
                "exceeded limit of 2 with 3 series"
            },
            {
                "name: g\ninterval: 10s\nrules: [{alert: A, labels: {app: x}, expr: 'count_over_time({app=~\".+\"}[5m])'}]",
                "vector contains metrics with the same labelset after applying alert labels: {alertname=\"A\", app=\"x\"}"
            },
            {
                "name: g\ninterval: 10s\nrules: [{record: a, labels: {app: x}, expr: 'count_over_time({app=~\".+\"}[5m])'}]",
                "vector contains metrics with the same labelset after applying rule labels: {__name__=\"a\", app=\"x\"}"
            },
            {
                "name: g\ninterval: 10s\nrules: [{alert: A, annotations: {a: '{{ nope }}'}, expr: '1'}]",
                "template: __alert_A:1: function \"nope\" not defined"
            },
        };
        for (String[] row : table) {
            GroupRunner r = f.runner(row[0]);
            f.pass(r, 10 * SECOND);
            assertThat(only(r).lastError()).isEqualTo(row[1]);
            r.close();
        }
    }

    @Test
    void recordingRulesGiveSeriesAndEndThem() throws Exception {
        GroupRunner r = f.runner(
                "name: g\ninterval: 10s\nlabels: {team: a}\nrules:\n"
                        + "- {record: 'app:lines', expr: 'sum by (app) (count_over_time({app=~\".+\"}[15s]))', labels: {src: logs}}");
        burst(3);
        f.pass(r, 10 * SECOND);
        assertThat(f.recorded).hasSize(1);
        assertThat(f.recorded.getFirst().labels())
                .isEqualTo(Labels.of("__name__", "app:lines", "app", "web", "src", "logs", "team", "a"));
        assertThat(f.recorded.getFirst().value()).isEqualTo(3);
        f.pass(r, 30 * SECOND);
        assertThat(f.recorded.getLast().stale()).isTrue();
        assertThat(f.recorded.stream().filter(Recorded::stale)).hasSize(1);
    }

    @Test
    void missedEvaluationsAreCounted() throws Exception {
        GroupRunner r = f.runner("name: g\ninterval: 10s\nrules: [{alert: A, expr: '1'}]");
        f.pass(r, 10 * SECOND);
        f.now += 100 * SECOND;
        f.due = r.step(f.now);
        assertThat(f.registry.getSampleValue("skald_rules_missed_evaluations_total"))
                .isEqualTo(9.0);
        assertThat(f.due).isGreaterThan(f.now);
    }

    @Test
    void silencesAreFoundPerSource() throws Exception {
        // learned from before the start: b stopped long ago, c longer than learned_from
        f.add(START - 50 * 60 * SECOND, "x", "app", "b", "pod", "1");
        f.add(START - 70 * 60 * SECOND, "x", "app", "c", "pod", "1");
        GroupRunner r = f.runner(
                "name: g\ninterval: 10s\nrules:\n- alert: Silent\n"
                        + "  silence: {selector: '{app=~\".+\"}', by: [app], for: 1m, learned_from: 1h}\n"
                        + "  annotations: {text: '{{ $labels.app }} is silent for {{ $value | humanizeDuration }}'}\n  samples: 1");
        for (int i = 0; i < 30; i++) {
            f.add(f.now, "alive " + i, "app", "a", "pod", "" + i % 3);
            f.pass(r, 10 * SECOND);
        }
        assertThat(f.decisions.lastEntry().getValue()).containsExactly(Labels.of("alertname", "Silent", "app", "b"));
        long before = f.now;
        f.pass(r, 75 * SECOND);
        assertThat(f.decisions.lastEntry().getValue())
                .containsExactlyInAnyOrder(
                        Labels.of("alertname", "Silent", "app", "a"), Labels.of("alertname", "Silent", "app", "b"));
        Outgoing a = f.told.stream()
                .filter(o -> o.labels().getOrEmpty("app").equals("a"))
                .findFirst()
                .orElseThrow();
        assertThat(a.annotations()).containsEntry("samples", "alive 29").containsEntry("text", "a is silent for 1m 0s");
        assertThat(a.startsAtNanos()).isBetween(before + 40 * SECOND, before + 75 * SECOND);
        // back again
        f.add(f.now, "back", "app", "a");
        f.pass(r, 10 * SECOND);
        assertThat(f.decisions.lastEntry().getValue()).hasSize(1);
        // and b is forgotten an hour after its last line
        f.pass(r, 10 * 60 * SECOND);
        assertThat(f.decisions.lastEntry().getValue()).isEqualTo(Set.of(Labels.of("alertname", "Silent", "app", "a")));
    }

    /** What a silence rule knows outlives the process, even where the lines do not and the stop was long. */
    @Test
    void whatSilencesLearnedOutlivesTheProcess() throws Exception {
        String rule = "name: g\ninterval: 10s\nrules:\n- alert: Silent\n"
                + "  silence: {selector: '{app=~\".+\"}', by: [app], for: 1m, learned_from: 4h}\n";
        GroupRunner first = f.runner(rule);
        for (int i = 0; i < 3; i++) {
            f.add(f.now, "alive", "app", "a");
            f.add(f.now, "alive", "app", "b");
            f.pass(first, 10 * SECOND);
        }
        long last = f.now - 10 * SECOND;
        first.close();
        f.ingester.entries.clear();
        // longer than alerts are kept, and b logs meanwhile
        f.now += 2 * 3600 * SECOND;
        long b = f.now - 30 * SECOND;
        f.add(b, "alive", "app", "b");
        GroupRunner second = f.runner(rule);
        f.pass(second, 10 * SECOND);
        Labels a = Labels.of("alertname", "Silent", "app", "a");
        assertThat(f.decisions.lastEntry().getValue()).containsExactly(a);
        double seconds = only(second).alerts().getFirst().value();
        // saved when it was first learned; what came later would be read again, were it still there
        assertThat(seconds).isBetween((f.now - last) / 1e9 - 20, (f.now - last) / 1e9 + 20);
        f.pass(second, 35 * SECOND);
        assertThat(f.decisions.lastEntry().getValue())
                .containsExactlyInAnyOrder(a, Labels.of("alertname", "Silent", "app", "b"));
        assertThat(f.now - b).isBetween(60 * SECOND, 75 * SECOND);
        // what was learned for one selector says nothing of another
        second.close();
        GroupRunner other = f.runner(rule.replace("by: [app]", "by: [pod]"));
        f.pass(other, 10 * SECOND);
        assertThat(f.decisions.lastEntry().getValue()).containsExactly(Labels.of("alertname", "Silent"));
    }
}
