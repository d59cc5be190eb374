/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.eval;

import static org.assertj.core.api.Assertions.assertThat;

import io.prometheus.client.CollectorRegistry;
import io.skald.core.config.Limits;
import io.skald.core.model.Labels;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.querier.rules.model.RuleYaml;
import io.skald.querier.rules.store.GroupKey;
import io.skald.querier.rules.store.Leases;
import io.skald.querier.rules.store.RuleCatalog;
import io.skald.querier.rules.store.RuleFiles;
import io.skald.querier.rules.store.RuleStore;
import io.skald.querier.rules.store.StoreLeases;
import io.skald.querier.schedule.QueryScheduler;
import io.skald.storage.memory.MemoryIndexStore;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

/** Two evaluators over one store; one of them dies. */
class TwoEvaluatorsTest {
    private static final int GROUPS = 6;
    private static final long SECOND = 1_000_000_000L;

    private final MemoryIndexStore store = new MemoryIndexStore();
    private final RuleStore rules = new RuleStore(store);
    private final Map<String, ConcurrentSkipListMap<Long, String>> evaluated = new ConcurrentHashMap<>();
    private final List<Outgoing> told = new CopyOnWriteArrayList<>();

    /** One evaluator. Killed, it does nothing more, and says goodbye to nobody. */
    private final class Evaluator implements Leases, AutoCloseable {
        private final String name;
        private final StoreLeases leases;
        private final QueryScheduler queries = new QueryScheduler(1, 4, 100);
        private final RuleScheduler scheduler;
        private volatile boolean killed;

        private Evaluator(String name) {
            this.name = name;
            this.leases = new StoreLeases(store, name, () -> "", System::nanoTime);
            RuleEnvironment env = new RuleEnvironment(
                    new SourceQueries(queries, t -> new InlineLines(), t -> Limits.DEFAULTS),
                    alerts -> {
                        if (!killed) {
                            told.addAll(alerts);
                        }
                    },
                    samples -> {},
                    new SavedStates(store),
                    new Arrivals(List::of),
                    new RuleMetrics(new CollectorRegistry()),
                    new Links("http://x", ""),
                    Labels.EMPTY,
                    Duration.ofSeconds(1),
                    Duration.ZERO,
                    Duration.ZERO,
                    Duration.ofSeconds(1),
                    Duration.ofHours(1),
                    this::decided);
            this.scheduler = new RuleScheduler(
                    env,
                    new RuleCatalog(rules, new RuleFiles(Path.of("")), t -> Limits.DEFAULTS),
                    this,
                    Duration.ofSeconds(1),
                    4,
                    true,
                    () -> ChronoUnit.NANOS.between(Instant.EPOCH, Instant.now()));
            scheduler.start();
        }

        private void decided(String rule, long at, Set<Labels> firing) {
            if (!killed) {
                String other = evaluated
                        .computeIfAbsent(rule, r -> new ConcurrentSkipListMap<>())
                        .put(at, name);
                assertThat(other).as("evaluated twice: %s at %d", rule, at).isNull();
            }
        }

        @Override
        public void beat(Set<GroupKey> groups, Duration shortestInterval, Predicate<GroupKey> busy)
                throws StoreException {
            if (!killed) {
                leases.beat(groups, shortestInterval, busy);
            }
        }

        @Override
        public boolean holds(GroupKey group) {
            return !killed && leases.holds(group);
        }

        @Override
        public boolean mayBegin(GroupKey group) {
            return !killed && leases.mayBegin(group);
        }

        @Override
        public List<String> others() {
            return leases.others();
        }

        @Override
        public long beatNanos() {
            return leases.beatNanos();
        }

        @Override
        public void release() throws StoreException {
            if (!killed) {
                leases.release();
            }
        }

        @Override
        public void close() throws StoreException {
            scheduler.close();
            queries.close();
        }
    }

    private static void await(String what, BooleanSupplier done) throws InterruptedException {
        long deadline = System.nanoTime() + 30 * SECOND;
        while (!done.getAsBoolean()) {
            assertThat(System.nanoTime()).as(what).isLessThan(deadline);
            TimeUnit.MILLISECONDS.sleep(20);
        }
    }

    private Set<String> latest() {
        Set<String> out = ConcurrentHashMap.newKeySet();
        evaluated.values().forEach(m -> out.add(m.lastEntry().getValue()));
        return out;
    }

    @Test
    void nothingIsMissedAndNothingIsDoubled() throws Exception {
        for (int i = 0; i < GROUPS; i++) {
            rules.put(
                    TenantId.DEFAULT,
                    "ns",
                    RuleYaml.parseGroup(
                            "t",
                            "name: g" + i + "\ninterval: 1s\nrules: [{alert: A" + i + ", expr: 'vector(1) > 0'}]"));
        }
        Evaluator b = new Evaluator("b");
        try (b;
                Evaluator a = new Evaluator("a")) {
            await("both evaluate", () -> evaluated.size() == GROUPS && latest().equals(Set.of("a", "b")));
            await(
                    "all fire",
                    () -> told.stream().map(Outgoing::labels).distinct().count() == GROUPS);
            a.killed = true;
            long killed = ChronoUnit.NANOS.between(Instant.EPOCH, Instant.now());
            await(
                    "b evaluates all",
                    () -> evaluated.values().stream()
                            .allMatch(m -> m.lastKey() > killed + SECOND
                                    && m.lastEntry().getValue().equals("b")));
            TreeMap<Long, String> gaps = new TreeMap<>();
            evaluated.forEach((rule, moments) -> {
                List<Long> all =
                        new ArrayList<>(moments.tailMap(killed - SECOND).keySet());
                for (int i = 1; i < all.size(); i++) {
                    gaps.put(all.get(i) - all.get(i - 1), rule);
                }
            });
            assertThat(gaps.lastKey())
                    .as("longest time without an evaluation: %s", gaps)
                    .isLessThanOrEqualTo(2 * SECOND);
            Map<Labels, Set<Long>> starts = new HashMap<>();
            told.forEach(o -> starts.computeIfAbsent(o.labels(), l -> ConcurrentHashMap.newKeySet())
                    .add(o.startsAtNanos()));
            assertThat(starts.values()).allMatch(s -> s.size() == 1);
            assertThat(told).noneMatch(Outgoing::resolved);
        }
    }
}
