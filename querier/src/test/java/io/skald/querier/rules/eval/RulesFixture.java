/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.eval;

import io.prometheus.client.CollectorRegistry;
import io.skald.core.config.Limits;
import io.skald.core.model.Labels;
import io.skald.core.model.TenantId;
import io.skald.querier.rules.model.RuleYaml;
import io.skald.querier.rules.store.GroupKey;
import io.skald.querier.rules.store.LoadedGroup;
import io.skald.querier.schedule.QueryScheduler;
import io.skald.querier.source.ExactSource;
import io.skald.querier.source.FakeIngester;
import io.skald.storage.index.CommitLog;
import io.skald.storage.memory.MemoryIndexStore;
import io.skald.storage.memory.MemorySegmentStore;
import io.skald.storage.segment.SegmentReaders;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** Groups over an ingester in the heap, by a clock that the test moves. */
final class RulesFixture implements AutoCloseable {
    static final long SECOND = 1_000_000_000L;
    static final long START = 1_800_000_000L * SECOND;

    final FakeIngester ingester = new FakeIngester("a");
    final MemoryIndexStore index = new MemoryIndexStore();
    final CollectorRegistry registry = new CollectorRegistry();
    final List<Outgoing> told = new CopyOnWriteArrayList<>();
    final List<Recorded> recorded = new CopyOnWriteArrayList<>();
    /** What fired, by moment, as last decided. */
    final TreeMap<Long, Set<Labels>> decisions = new TreeMap<>();

    final QueryScheduler scheduler = new QueryScheduler(2, 8, 1000);
    final RuleMetrics metrics = new RuleMetrics(registry);
    final Arrivals arrivals = new Arrivals(() -> List.of(ingester));
    RuleQueries queries;
    long now = START;

    RulesFixture() {
        SegmentReaders segments = new SegmentReaders(new MemorySegmentStore());
        CommitLog log = new CommitLog(index);
        queries = new SourceQueries(
                scheduler, t -> new ExactSource(t, log, segments, () -> List.of(ingester)), t -> Limits.DEFAULTS);
    }

    RuleEnvironment environment() {
        return new RuleEnvironment(
                queries,
                told::addAll,
                recorded::addAll,
                new SavedStates(index),
                arrivals,
                metrics,
                new Links("https://grafana.example", "uid"),
                Labels.of("cluster", "c1"),
                Duration.ofMinutes(1),
                Duration.ZERO,
                Duration.ZERO,
                Duration.ofMinutes(1),
                Duration.ofHours(1),
                (rule, at, firing) -> decisions.put(at, firing));
    }

    GroupRunner runner(String yaml) {
        GroupRunner r = new GroupRunner(
                environment(),
                new LoadedGroup(new GroupKey(TenantId.DEFAULT, "ns", "g"), RuleYaml.parseGroup("test", yaml), null),
                () -> true);
        due = r.start(now);
        return r;
    }

    long due;

    /** Moves the clock, and steps when that is due. */
    void pass(GroupRunner r, long nanos) throws Exception {
        long end = now + nanos;
        while (due <= end) {
            now = Math.max(now, due);
            due = r.step(now);
        }
        now = end;
    }

    void add(long at, String line, String... labels) {
        ingester.entries.add(new FakeIngester.Entry(Labels.of(labels), at, line, Labels.EMPTY));
    }

    @Override
    public void close() {
        scheduler.close();
    }
}
