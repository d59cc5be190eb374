/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.receive;

import static org.assertj.core.api.Assertions.assertThat;

import io.prometheus.client.CollectorRegistry;
import io.skald.agent.collect.Collector;
import io.skald.agent.pipeline.JobPipeline;
import io.skald.agent.spool.FileState.Format;
import io.skald.core.model.Labels;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Offsets follow entries to the disk, never the other way round. */
@Timeout(60)
class KafkaSourceTest {
    private static final TopicPartition PART = new TopicPartition("logs", 0);

    private final Collector collector = new Collector(InstantSource.system(), 1 << 20, 1_000_000_000L, Map.of());
    private final List<MockConsumer<byte[], byte[]>> consumers = new ArrayList<>();

    private MockConsumer<byte[], byte[]> consumer(int from, String... values) {
        MockConsumer<byte[], byte[]> c = new MockConsumer<>("earliest");
        c.schedulePollTask(() -> {
            c.rebalance(List.of(PART));
            c.updateBeginningOffsets(Map.of(PART, 0L));
            c.seek(PART, from);
            for (int i = 0; i < values.length; i++) {
                c.addRecord(
                        new ConsumerRecord<>("logs", 0, from + i, null, values[i].getBytes(StandardCharsets.UTF_8)));
            }
        });
        return c;
    }

    private static long committed(MockConsumer<byte[], byte[]> c) {
        synchronized (c) {
            var at = c.committed(Set.of(PART)).get(PART);
            return at == null ? 0 : at.offset();
        }
    }

    private static void until(BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("deadline").isLessThan(deadline);
            Thread.sleep(5); // polls with a deadline
        }
    }

    private List<String> collected() {
        List<String> lines = new ArrayList<>();
        collector.lock().lock();
        try {
            collector.forEachCollected(b -> {
                for (int i = 0; i < b.size(); i++) {
                    lines.add(b.labels() + " "
                            + new String(b.buffer(i), b.offset(i), b.length(i), StandardCharsets.UTF_8));
                }
            });
        } finally {
            collector.lock().unlock();
        }
        return lines;
    }

    private final SourceSettings.Kafka settings = new SourceSettings.Kafka(
            Labels.of("job", "k"), List.of("b:1"), List.of("logs"), "g", false, "range", Map.of());
    private final Intake intake = new Intake(
            "k",
            JobPipeline.withoutTraces(),
            List.of(),
            settings.labels(),
            Format.PLAIN,
            collector,
            new ReceiveMetrics(new CollectorRegistry()));

    /** What was stored up to offset 2, and where the group is: behind it, within it, before it. */
    @ParameterizedTest
    @CsvSource({",two three", "1,two three", "3,three", "0,zero one two three"})
    void whatWasStoredAndNotCommittedIsNotStoredAgain(@Nullable Long group, String expected) throws Exception {
        MockConsumer<byte[], byte[]> c = new MockConsumer<>("earliest");
        c.schedulePollTask(() -> {
            c.updateBeginningOffsets(Map.of(PART, 0L));
            if (group != null) {
                c.commitSync(Map.of(PART, new OffsetAndMetadata(group)));
            }
            c.rebalance(List.of(PART));
            int at = 0;
            for (String value : List.of("zero", "one", "two", "three")) {
                c.addRecord(new ConsumerRecord<>("logs", 0, at++, null, value.getBytes(StandardCharsets.UTF_8)));
            }
        });
        KafkaSource source =
                new KafkaSource("k", settings, intake, name -> name.equals("kafka/k/g/logs/0") ? "1-2" : null, () -> c);
        source.start();
        List<String> seen = new ArrayList<>();
        int count = expected.split(" ").length;
        until(() -> seen.addAll(collected()) && seen.size() >= count);
        source.close();
        assertThat(seen)
                .isEqualTo(Stream.of(expected.split(" "))
                        .map(l -> "{job=\"k\"} " + l)
                        .toList());
    }

    @Test
    void offsetsAreCommittedOnlyWhenEntriesAreDurable() throws Exception {
        MockConsumer<byte[], byte[]> c = consumer(0, "one", "two");
        consumers.add(c);
        KafkaSource source = new KafkaSource("k", settings, intake, name -> null, () -> {
            if (consumers.isEmpty()) {
                throw new KafkaException("no broker");
            }
            return consumers.removeFirst();
        });
        source.start();
        List<String> seen = new ArrayList<>();
        until(() -> seen.addAll(collected()) && seen.size() == 2);
        assertThat(seen).containsExactly("{job=\"k\"} one", "{job=\"k\"} two");
        // nobody has put them on disk yet
        assertThat(committed(c)).isZero();
        source.close();
        until(c::closed);
        assertThat(c.closed()).isTrue();
    }
}
