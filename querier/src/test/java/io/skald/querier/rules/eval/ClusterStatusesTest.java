/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.eval;

import static org.assertj.core.api.Assertions.assertThat;

import io.prometheus.client.CollectorRegistry;
import io.skald.core.config.Limits;
import io.skald.core.http.HttpResponse;
import io.skald.core.http.HttpServer;
import io.skald.core.http.HttpServerConfig;
import io.skald.core.model.Labels;
import io.skald.core.model.TenantId;
import io.skald.querier.rules.eval.GroupStatus.RuleStatus;
import io.skald.querier.rules.model.RuleYaml;
import io.skald.querier.rules.store.GroupKey;
import io.skald.querier.rules.store.Leases;
import io.skald.querier.rules.store.RuleCatalog;
import io.skald.querier.rules.store.RuleFiles;
import io.skald.querier.rules.store.RuleStore;
import io.skald.storage.memory.MemoryIndexStore;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

/** A process shows what it evaluates, what another does, and what was saved. */
class ClusterStatusesTest {
    private static final TenantId TENANT = new TenantId("team");
    private static final Limits LIMITS = Limits.DEFAULTS;

    private final MemoryIndexStore store = new MemoryIndexStore();
    private final SavedStates saved = new SavedStates(store);
    private final Map<GroupKey, GroupStatus> there = new HashMap<>();

    /** Holds some groups, and knows another evaluator. */
    private record Holds(Set<GroupKey> held, List<String> others) implements Leases {
        @Override
        public void beat(Set<GroupKey> groups, Duration shortestInterval, Predicate<GroupKey> busy) {}

        @Override
        public boolean holds(GroupKey group) {
            return held.contains(group);
        }

        @Override
        public boolean mayBegin(GroupKey group) {
            return holds(group);
        }

        @Override
        public long beatNanos() {
            return 1;
        }

        @Override
        public void release() {}
    }

    private static GroupKey key(String group) {
        return new GroupKey(TENANT, "ns", group);
    }

    private static ActiveAlert alert(ActiveAlert.State state, double value) {
        return new ActiveAlert(
                Labels.of("app", "web"),
                Labels.of("alertname", "A", "app", "web"),
                Map.of("summary", "\"bad\"\n"),
                state,
                value,
                1_800_000_000_000_000_001L,
                0,
                0,
                3);
    }

    private RuleCatalog catalog() throws Exception {
        RuleCatalog c = new RuleCatalog(new RuleStore(store), new RuleFiles(Path.of("")), t -> LIMITS);
        c.reload();
        return c;
    }

    @Test
    void everythingIsShownWhoeverEvaluatesIt() throws Exception {
        RuleStore rules = new RuleStore(store);
        String group = "\nrules: [{alert: A, expr: '1'}, {alert: A, expr: '2'}, {alert: B, expr: '3'}]";
        for (String g : List.of("here", "there", "nobody", "new")) {
            rules.put(TENANT, "ns", RuleYaml.parseGroup("test", "name: " + g + group));
        }
        RuleStatus ok = new RuleStatus(7, 0.5, "", List.of(alert(ActiveAlert.State.FIRING, 1.5)));
        RuleStatus bad = new RuleStatus(7, 0.25, "it \"broke\"", List.of());
        RuleStatus nan = new RuleStatus(8, 0, "", List.of(alert(ActiveAlert.State.PENDING, Double.NaN)));
        GroupStatus status = new GroupStatus(9, 0.75, List.of(ok, bad, nan));
        there.put(key("there"), status);
        there.put(key("here"), new GroupStatus(1, 0, List.of(RuleStatus.NEW, RuleStatus.NEW, RuleStatus.NEW)));
        saved.save(key("nobody"), new SavedStates.Saved(5, Map.of("A{}#1", ok.alerts()), Map.of()));
        try (HttpServer server = new HttpServer(HttpServerConfig.of("127.0.0.1", 0), new CollectorRegistry());
                ClusterStatuses other =
                        new ClusterStatuses(catalog(), there::get, new Holds(Set.of(key("there")), List.of()), saved)) {
            server.get(ClusterStatuses.PATH, r -> HttpResponse.of(200, HttpResponse.JSON, other.local(r.tenant(true))));
            server.start();
            String url = "http://127.0.0.1:" + server.port();
            GroupStatus mine = new GroupStatus(3, 0, List.of(ok, ok, ok));
            // a group changed after its evaluator read it: what is the same rule keeps its status
            RuleCatalog newer = catalog();
            Leases leases = new Holds(Set.of(key("here")), List.of(url, "http://127.0.0.1:1", "no address"));
            try (ClusterStatuses one = new ClusterStatuses(newer, k -> mine, leases, saved)) {
                Map<GroupKey, GroupStatus> all = one.of(TENANT);
                assertThat(all).containsOnlyKeys(key("here"), key("there"), key("nobody"));
                assertThat(all).containsEntry(key("here"), mine).containsEntry(key("there"), status);
                GroupStatus kept = Objects.requireNonNull(all.get(key("nobody")));
                assertThat(kept.rules().stream().map(r -> r.alerts().size())).containsExactly(0, 1, 0);
                assertThat(kept.lastEvaluationNanos()).isEqualTo(5);
                assertThat(one.of(TenantId.DEFAULT)).isEmpty();
                newer.put(
                        TENANT,
                        "ns",
                        RuleYaml.parseGroup(
                                "test", "name: there\nrules: [{alert: C, expr: '1'}, {alert: B, expr: '4'}]"));
                GroupStatus changed = Objects.requireNonNull(one.of(TENANT).get(key("there")));
                assertThat(changed.rules()).containsExactly(RuleStatus.NEW, nan);
            }
        }
    }
}
