/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.push;

import static org.assertj.core.api.Assertions.assertThat;

import io.skald.core.config.ConfigException;
import io.skald.core.config.Limits;
import io.skald.core.config.SkaldConfig;
import io.skald.core.disk.Disk;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ValidatorTest {
    private static final TenantId TENANT = new TenantId("a");
    private static final long NOW = 1_800_000_000_000_000_000L;
    private static final long SECOND = 1_000_000_000L;

    @SuppressWarnings("NullAway.Init") // set by JUnit
    @TempDir
    Path dir;

    private final List<String> discarded = new ArrayList<>();
    private final Discards discards = new Discards((t, reason, lines, bytes) -> discarded.add(reason + " " + lines));

    @SuppressWarnings("NullAway.Init") // set before each test
    private TenantGates gates;

    @BeforeEach
    void open() throws StoreException {
        gates = TenantGates.open(Disk.REAL, dir.resolve("demoted"));
    }

    private static Limits limits(String yaml) throws ConfigException {
        return SkaldConfig.parse("limits: {" + yaml + "}", "test").limits();
    }

    private static EntryBatch batch(Labels labels, Object... timesAndLines) {
        EntryBatch b = new EntryBatch(labels);
        for (int i = 0; i < timesAndLines.length; i += 2) {
            byte[] line = String.valueOf(timesAndLines[i + 1]).getBytes(StandardCharsets.UTF_8);
            b.add((long) timesAndLines[i], line, 0, line.length, Labels.EMPTY);
        }
        return b;
    }

    private Validator validator(Limits limits, long now) {
        return new Validator(TENANT, limits, now, discards, gates);
    }

    @Test
    void keepsTheGoodStreamsOfAPush() throws Exception {
        Validator v = validator(limits("max_line_size_truncate: false, max_line_size: 4B"), NOW);
        List<EntryBatch> good = v.apply(List.of(
                batch(Labels.of("app", "x"), NOW, "abcd", NOW, "abcde"),
                batch(Labels.of("app", "y"), NOW + 3600 * SECOND, "abcd"),
                batch(Labels.of("app", "z"), NOW, "ab")));
        assertThat(good).hasSize(2).allMatch(b -> b.size() == 1);
        assertThat(v.rejected()).isEqualTo(2);
        assertThat(v.status()).isEqualTo(400);
        assertThat(v.message())
                .isEqualTo("1 errors like: max entry size '4' bytes exceeded for stream"
                        + " '{app=\"x\", service_name=\"x\"}' while adding an entry with length '5' bytes;"
                        + " 1 errors like: entry for stream '{app=\"y\", service_name=\"y\"}' has timestamp too new:"
                        + " 2027-01-15T09:00:00Z");
        assertThat(discarded).containsExactly("line_too_long 1", "too_far_in_future 1");
        assertThat(discards.of(TENANT))
                .extracting(
                        Discards.OfReason::reason,
                        r -> r.streams().getFirst().stream().get("app"))
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple("line_too_long", "x"),
                        org.assertj.core.groups.Tuple.tuple("too_far_in_future", "y"));
    }

    @Test
    void holdsATenantToItsRate() throws Exception {
        Limits l = limits("ingestion_rate_mb: 1, ingestion_burst_size_mb: 1");
        EntryBatch half = batch(Labels.of("app", "x"), NOW, "x".repeat(1 << 19));
        assertThat(validator(l, NOW).apply(List.of(half, half))).hasSize(2);
        Validator v = validator(l, NOW + SECOND / 4);
        assertThat(v.apply(List.of(half))).isEmpty();
        assertThat(v.status()).isEqualTo(429);
        assertThat(discarded).containsExactly("rate_limited 1");
        assertThat(validator(l, NOW + SECOND).apply(List.of(half))).hasSize(1);
    }

    @Test
    void holdsAStreamToItsRate() throws Exception {
        Limits l = limits("per_stream_rate_limit: 10B, per_stream_rate_limit_burst: 10B");
        Validator v = validator(l, NOW);
        List<EntryBatch> good = v.apply(List.of(
                batch(Labels.of("app", "x"), NOW, "0123456789"),
                batch(Labels.of("app", "x"), NOW, "0123456789"),
                batch(Labels.of("app", "y"), NOW, "0123456789")));
        assertThat(good).hasSize(2);
        assertThat(v.status()).isEqualTo(429);
        assertThat(discarded).containsExactly("per_stream_rate_limit 1");
    }

    private List<EntryBatch> pods(int from, int to) {
        return IntStream.range(from, to)
                .mapToObj(i -> batch(Labels.of("app", "x" + i % 3, "pod", "p" + i), NOW + i, "line"))
                .toList();
    }

    @Test
    void refusesNewStreamsOverTheLimit() throws Exception {
        Limits l = limits("max_global_streams_per_user: 10, demote_noisiest_label: false");
        Validator v = validator(l, NOW);
        assertThat(v.apply(pods(0, 12))).hasSize(10);
        assertThat(v.status()).isEqualTo(429);
        assertThat(v.message()).contains("active stream limit of 10").contains("pod=");
        assertThat(discarded).containsExactly("stream_limit 1", "stream_limit 1");
        assertThat(validator(l, NOW + 1).apply(pods(0, 10))).as("known streams").hasSize(10);
        long later = NOW + 3800 * SECOND;
        validator(l, NOW + 1900 * SECOND).apply(pods(0, 1));
        assertThat(validator(l, later).apply(pods(20, 29)))
                .as("others are not active any more")
                .hasSize(9);
        assertThat(validator(l, NOW + 9000 * SECOND).apply(pods(0, 1)))
                .as("known once, and active again")
                .hasSize(1);
        assertThat(gates.of(TENANT).activeStreams()).isEqualTo(10);
    }

    @Test
    void demotesTheNoisiestLabelOverTheLimitAndDropsNothing() throws Exception {
        Limits l = limits("max_global_streams_per_user: 10");
        Validator v = validator(l, NOW);
        List<EntryBatch> good = v.apply(pods(0, 50));
        assertThat(v.rejected()).isZero();
        assertThat(good).hasSize(50);
        EntryBatch last = good.getLast();
        assertThat(last.labels()).isEqualTo(Labels.of("app", "x1", "service_name", "x1"));
        assertThat(last.metadata(0).get("pod")).isEqualTo("p49");
        assertThat(gates.of(TENANT).activeStreams()).isEqualTo(3);

        TenantGates restarted = TenantGates.open(Disk.REAL, dir.resolve("demoted"));
        assertThat(restarted.of(TENANT).demoted()).containsExactly("pod");
        assertThat(restarted.of(new TenantId("b")).demoted()).isEmpty();
    }

    @Test
    void keepsEnforcedLabelsAndAsksForThem() throws Exception {
        Limits l = limits("max_global_streams_per_user: 2, enforced_labels: [pod]");
        Validator v = validator(l, NOW);
        assertThat(v.apply(pods(0, 2))).hasSize(2);
        assertThat(v.apply(pods(2, 5))).as("app goes, pods stay too many").hasSize(2);
        assertThat(gates.of(TENANT).demoted()).containsExactly("app");
        Validator without = validator(l, NOW);
        assertThat(without.apply(List.of(batch(Labels.of("app", "x"), NOW, "line"))))
                .isEmpty();
        assertThat(without.message()).startsWith("missing required labels [pod]");
        assertThat(discarded).contains("missing_enforced_labels 1", "stream_limit 1");
    }

    @Test
    void makesTimesDistinctWhenTold() throws Exception {
        Validator v = validator(limits("increment_duplicate_timestamp: true"), NOW);
        EntryBatch b = v.apply(List.of(
                        batch(Labels.of("app", "x"), NOW, "a", NOW, "b", NOW, "b", NOW, "c", NOW + 10, "d", NOW, "a")))
                .getFirst();
        assertThat(IntStream.range(0, b.size()).mapToObj(i -> b.timestampNanos(i) - NOW))
                .containsExactly(0L, 1L, 0L, 1L, 10L, 0L);
    }

    @Test
    void blocksIngestionUntilItsTime() throws Exception {
        Limits l = limits("block_ingestion_until: '2027-01-15T08:00:01Z'");
        Validator v = validator(l, NOW);
        assertThat(v.apply(pods(0, 2))).isEmpty();
        assertThat(v.status()).isEqualTo(260);
        assertThat(discarded).containsExactly("blocked_ingestion 2");
        assertThat(validator(l, NOW + 2 * SECOND).apply(pods(0, 2))).hasSize(2);
    }
}
