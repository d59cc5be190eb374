/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.receive;

import static org.assertj.core.api.Assertions.assertThat;

import io.skald.agent.AgentRig;
import io.skald.agent.RecordingSink;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/** The consumer group with a real broker. Takes half a minute, and what only {@code -Pkafka} brings; see CONTRIBUTING.md. */
@EnabledIfSystemProperty(named = "skald.kafka", matches = "true", disabledReason = "needs -Pkafka")
@Timeout(300)
class KafkaBrokerIT {
    @TempDir
    private Path dir;

    private String scrape(KafkaBroker broker) {
        return """
                  - job_name: k
                    kafka:
                      brokers: [%s]
                      topics: [logs]
                      group_id: g
                      labels: {job: kafka}
                    relabel_configs:
                      - {source_labels: [__meta_kafka_topic], target_label: topic}
                      - {source_labels: [__meta_kafka_message_key], target_label: key}
                """.formatted(broker.address());
    }

    private static Map<String, Object> client(KafkaBroker broker) {
        Map<String, Object> p = new HashMap<>();
        p.put("bootstrap.servers", broker.address());
        p.put("key.serializer", ByteArraySerializer.class);
        p.put("value.serializer", ByteArraySerializer.class);
        p.put("acks", "all");
        return p;
    }

    private static void produce(KafkaProducer<byte[], byte[]> to, int from, int until) throws Exception {
        List<Future<RecordMetadata>> sent = new ArrayList<>();
        for (int i = from; i < until; i++) {
            byte[] key = (i % 2 == 0 ? "even" : "odd").getBytes(StandardCharsets.UTF_8);
            byte[] value = ("line " + i).getBytes(StandardCharsets.UTF_8);
            sent.add(to.send(new ProducerRecord<>("logs", i % 2, key, value)));
        }
        for (Future<RecordMetadata> f : sent) {
            f.get(60, TimeUnit.SECONDS);
        }
    }

    private static long committed(Admin admin) throws Exception {
        Map<TopicPartition, OffsetAndMetadata> all = admin.listConsumerGroupOffsets("g")
                .partitionsToOffsetAndMetadata()
                .get(30, TimeUnit.SECONDS);
        return all.values().stream().mapToLong(OffsetAndMetadata::offset).sum();
    }

    /** Until the group's members are gone, offsets cannot be set. */
    private static void awaitEmpty(Admin admin) throws Exception {
        AgentRig.until(
                () -> {
                    try {
                        return admin
                                .describeConsumerGroups(List.of("g"))
                                .all()
                                .get(30, TimeUnit.SECONDS)
                                .values()
                                .stream()
                                .allMatch(g -> g.members().isEmpty());
                    } catch (Exception e) {
                        throw new IllegalStateException(e);
                    }
                },
                () -> "the agent has not left the group");
    }

    private static List<String> lines(AgentRig rig) {
        return rig.sink().stored().stream()
                .map(RecordingSink.Stored::line)
                .sorted()
                .toList();
    }

    @Test
    void nothingIsLostAndNothingDoubled() throws Exception {
        long seed = Long.getLong("skald.seed", System.nanoTime());
        Files.createDirectories(dir.resolve("kafka"));
        try (KafkaBroker broker = KafkaBroker.start(dir.resolve("kafka"));
                KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(client(broker));
                Admin admin = Admin.create(client(broker))) {
            int all = 7500;
            try (AgentRig rig = new AgentRig(dir, scrape(broker))) {
                killed(rig, producer, admin, all, seed);
            }
            // a commit that is lost: the group has the offsets of before the last batch
            awaitEmpty(admin);
            assertThat(committed(admin)).isEqualTo(all);
            produce(producer, all, all + 10);
            try (AgentRig again = new AgentRig(dir, scrape(broker))) {
                again.await(10);
                AgentRig.until(() -> committedNow(admin) == all + 10, () -> "committed " + committedNow(admin));
            }
            awaitEmpty(admin);
            set(admin, all / 2, all / 2);
            produce(producer, all + 10, all + 12);
            try (AgentRig again = new AgentRig(dir, scrape(broker))) {
                assertThat(again.await(2))
                        .extracting(RecordingSink.Stored::line)
                        .containsExactlyInAnyOrder("line " + (all + 10), "line " + (all + 11));
            }
            // somebody wants to have it all again, and has it
            awaitEmpty(admin);
            set(admin, 0, 0);
            try (AgentRig again = new AgentRig(dir, scrape(broker))) {
                again.await(all + 12);
            }
        }
    }

    /** The agent dies at any point between reading, storing and committing. */
    private static void killed(AgentRig rig, KafkaProducer<byte[], byte[]> producer, Admin admin, int all, long seed)
            throws Exception {
        Random random = new Random(seed);
        for (int from = 0; from < all; from += 1500) {
            produce(producer, from, from + 1500);
            Thread.sleep(random.nextInt(400)); // a random point, not a synchronisation
            rig.killAndStart();
        }
        List<String> expected = new ArrayList<>();
        AgentRig.until(
                () -> rig.sink().stored().size() >= all,
                () -> "seed " + seed + ": " + rig.sink().stored().size());
        AgentRig.until(() -> committedNow(admin) == all, () -> "committed " + committedNow(admin));
        for (int i = 0; i < all; i++) {
            expected.add("line " + i);
        }
        expected.sort(null);
        assertThat(lines(rig)).as("seed %d", seed).isEqualTo(expected);
        RecordingSink.Stored one = rig.sink().stored().getFirst();
        assertThat(one.stream().toMap())
                .containsEntry("job", "kafka")
                .containsEntry("topic", "logs")
                .containsKey("key");
    }

    private static long committedNow(Admin admin) {
        try {
            return committed(admin);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private static void set(Admin admin, long even, long odd) throws Exception {
        Map<TopicPartition, OffsetAndMetadata> at = Map.of(
                new TopicPartition("logs", 0), new OffsetAndMetadata(even),
                new TopicPartition("logs", 1), new OffsetAndMetadata(odd));
        admin.alterConsumerGroupOffsets("g", at).all().get(30, TimeUnit.SECONDS);
    }

    @Test
    void aBrokerThatDiesIsWaitedFor() throws Exception {
        Files.createDirectories(dir.resolve("kafka"));
        try (KafkaBroker broker = KafkaBroker.start(dir.resolve("kafka"));
                KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(client(broker));
                AgentRig rig = new AgentRig(dir, scrape(broker))) {
            produce(producer, 0, 100);
            rig.await(100);
            broker.kill();
            broker.start();
            produce(producer, 100, 200);
            AgentRig.until(
                    () -> rig.sink().stored().size() >= 200,
                    () -> "" + rig.sink().stored().size());
            assertThat(lines(rig)).hasSize(200).doesNotHaveDuplicates();
        }
    }
}
