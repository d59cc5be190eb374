/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester;

import static org.assertj.core.api.Assertions.assertThat;

import io.prometheus.client.CollectorRegistry;
import io.skald.core.config.CompactionSettings;
import io.skald.core.config.RetentionSettings;
import io.skald.core.config.SkaldConfig;
import io.skald.core.config.TenantLimits;
import io.skald.core.disk.Disk;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import io.skald.core.model.TenantId;
import io.skald.ingester.compact.CompactionService;
import io.skald.storage.index.CommitLog;
import io.skald.storage.index.Retention;
import io.skald.storage.memory.MemoryIndexStore;
import io.skald.storage.memory.MemorySegmentStore;
import io.skald.storage.segment.SegmentRef;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is kept how long, from the flush that decides to the removal. */
class RetentionTest {
    private static final TenantId TENANT = new TenantId("a");
    private static final long DAY = Duration.ofDays(1).toMillis();
    private static final String DEBUG = "{detected_level=\"debug\"}";
    private static final String AUDIT = "{app=\"audit\"}";

    @SuppressWarnings("NullAway.Init") // set by JUnit
    @TempDir
    Path dir;

    private final MemoryIndexStore index = new MemoryIndexStore();
    private final CommitLog log = new CommitLog(index);
    private final MemorySegmentStore segments = new MemorySegmentStore();
    private final long start = System.currentTimeMillis();
    private long nowMillis = start;
    private long freeBytes = Long.MAX_VALUE;

    private static TenantLimits limits(String more) throws Exception {
        return SkaldConfig.parse("limits: {" + more + "}", "test").tenantLimits();
    }

    private Ingester open(TenantLimits limits) throws Exception {
        IngesterConfig config = FlushedOnRequest.config(dir, 64 << 10, 0);
        return Ingester.create(
                Disk.REAL, config, log, segments, limits, Clock.systemUTC(), new CollectorRegistry(), step -> {});
    }

    private static void push(Ingester i, String app, long millis, String... lines) throws Exception {
        EntryBatch b = new EntryBatch(Labels.of("app", app));
        for (String l : lines) {
            byte[] bytes = l.getBytes(StandardCharsets.UTF_8);
            b.add(millis * 1_000_000 + b.size(), bytes, 0, bytes.length, Labels.EMPTY);
        }
        assertThat(i.push(TENANT, List.of(b)).accepted()).isEqualTo(lines.length);
    }

    private CompactionService service(TenantLimits limits, RetentionSettings bySize) {
        CompactionService.Environment env = new CompactionService.Environment(
                index,
                log,
                segments,
                new Retention(limits, () -> nowMillis),
                () -> false,
                () -> freeBytes,
                tenant -> true,
                () -> nowMillis,
                true);
        return new CompactionService(env, CompactionSettings.DEFAULTS, bySize, new CollectorRegistry());
    }

    /** Entries by the rule that keeps them. */
    private Map<String, Long> kept() throws Exception {
        Map<String, Long> kept = new TreeMap<>();
        for (SegmentRef s : log.read(TENANT).segments()) {
            kept.merge(s.retention(), s.entries(), Long::sum);
        }
        return kept;
    }

    @Test
    void rulesOverLabelsAndLevelsGoByWholeSegments() throws Exception {
        TenantLimits limits = limits("retention_period: 30d, retention_stream: ["
                + "{selector: '" + DEBUG + "', priority: 1, period: 1d},"
                + "{selector: '" + AUDIT + "', priority: 5, period: 365d},"
                + "{selector: '{app=\"gone\"}', priority: 9, period: 1h}]");
        try (Ingester i = open(limits)) {
            push(i, "web", start, "level=debug a", "level=info b", "level=debug c", "level=error d");
            push(i, "audit", start, "level=debug e", "level=info f");
            push(i, "gone", start, "g");
            i.flush();
        }
        assertThat(kept()).isEqualTo(Map.of("", 2L, DEBUG, 2L, AUDIT, 2L, "{app=\"gone\"}", 1L));
        try (CompactionService s = service(limits, RetentionSettings.DEFAULTS)) {
            s.compact(TENANT, true);
            assertThat(kept()).as("compaction keeps them apart").hasSize(4);
            Retention r = new Retention(limits, () -> nowMillis);
            nowMillis = start + 2 * 3_600_000;
            assertThat(log.read(TENANT).segments().stream()
                            .filter(x -> r.expired(TENANT, x))
                            .map(SegmentRef::retention))
                    .as("hidden at once")
                    .containsExactly("{app=\"gone\"}");
            s.compact(TENANT, false);
            assertThat(kept()).doesNotContainKey("{app=\"gone\"}").hasSize(3);
            nowMillis = start + 2 * DAY;
            s.compact(TENANT, false);
            assertThat(kept()).isEqualTo(Map.of("", 2L, AUDIT, 2L));
            nowMillis = start + 31 * DAY;
            s.compact(TENANT, false);
            assertThat(kept()).isEqualTo(Map.of(AUDIT, 2L));
            nowMillis = start + 366 * DAY;
            s.compact(TENANT, false);
            assertThat(kept()).isEmpty();
            nowMillis += DAY;
            s.compact(TENANT, false);
            assertThat(segments.list("")).isEmpty();
        }
    }

    @Test
    void whatWasTooOldWhenItCameIsKeptAsLongAsWhatIsNew() throws Exception {
        TenantLimits limits = limits("reject_old_samples: false");
        try (Ingester i = open(limits)) {
            push(i, "import", start - 400 * DAY, "old");
            push(i, "web", start - 29 * DAY, "late");
            i.flush();
        }
        try (CompactionService s = service(limits, RetentionSettings.DEFAULTS)) {
            s.compact(TENANT, true);
            assertThat(kept()).isEqualTo(Map.of("", 2L));
            nowMillis = start + 2 * DAY;
            s.compact(TENANT, true);
            assertThat(kept()).isEqualTo(Map.of("", 1L));
            assertThat(log.read(TENANT).segments().getFirst().maxNanos()).isLessThan((start - 399 * DAY) * 1_000_000);
            nowMillis = start + 31 * DAY;
            s.compact(TENANT, true);
            assertThat(kept()).isEmpty();
        }
    }

    @Test
    void theOldestDayGoesWhenThereIsTooMuch() throws Exception {
        TenantLimits limits = limits("retention_period: 0s");
        try (Ingester i = open(limits)) {
            for (int day = 0; day < 5; day++) {
                push(i, "web", start - day * DAY, "line of day " + day);
            }
            i.flush();
        }
        long all = log.read(TENANT).segments().stream()
                .mapToLong(SegmentRef::sizeBytes)
                .sum();
        try (CompactionService s = service(limits, new RetentionSettings(all / 2, 0))) {
            s.evict();
            assertThat(log.read(TENANT).segments())
                    .hasSize(2)
                    .allMatch(x -> x.maxNanos() > (start - 2 * DAY) * 1_000_000);
        }
        freeBytes = 10;
        try (CompactionService s = service(limits, new RetentionSettings(0, 11))) {
            s.evict();
            assertThat(log.read(TENANT).segments()).as("the newest stays").hasSize(1);
        }
        nowMillis = start + 40_000 * DAY;
        try (CompactionService s = service(limits, RetentionSettings.DEFAULTS)) {
            s.compact(TENANT, false);
            assertThat(log.read(TENANT).segments()).as("kept for ever").hasSize(1);
        }
    }
}
