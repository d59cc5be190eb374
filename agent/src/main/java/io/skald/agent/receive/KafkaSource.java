/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.receive;

import io.skald.core.model.Labels;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** {@code kafka}: a member of a consumer group. Offsets are committed once the entries are on disk. */
final class KafkaSource implements Source {
    private static final Duration PAUSE = Duration.ofSeconds(5);

    private final SourceSettings.Kafka settings;
    private final Intake intake;
    private final Supplier<Consumer<byte[], byte[]>> consumers;
    private final SourceThread thread;

    KafkaSource(String job, SourceSettings.Kafka settings, Intake intake) {
        this(job, settings, intake, () -> new KafkaConsumer<>(properties(settings)));
    }

    /** @param consumers connects to the brokers; again after a failure */
    KafkaSource(
            String job, SourceSettings.Kafka settings, Intake intake, Supplier<Consumer<byte[], byte[]>> consumers) {
        this.settings = settings;
        this.intake = intake;
        this.consumers = consumers;
        this.thread = new SourceThread(job, "kafka", PAUSE, this::run);
    }

    @Override
    public void start() {
        thread.start();
    }

    private void run() throws Exception {
        try (Consumer<byte[], byte[]> consumer = consumers.get()) {
            subscribe(consumer);
            consume(consumer);
        } catch (InterruptException e) {
            throw new InterruptedException("the agent stops");
        } catch (KafkaException e) {
            throw new IOException("kafka: " + e.getMessage(), e);
        }
    }

    private static Map<String, Object> properties(SourceSettings.Kafka settings) {
        Map<String, Object> p = new HashMap<>(settings.client());
        p.put(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, String.join(",", settings.brokers()));
        p.put(ConsumerConfig.GROUP_ID_CONFIG, settings.group());
        p.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        p.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        p.put(ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
        p.put(ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
        p.put(
                ConsumerConfig.PARTITION_ASSIGNMENT_STRATEGY_CONFIG,
                switch (settings.assignor()) {
                    case "roundrobin" -> "org.apache.kafka.clients.consumer.RoundRobinAssignor";
                    case "sticky" -> "org.apache.kafka.clients.consumer.StickyAssignor";
                    default -> "org.apache.kafka.clients.consumer.RangeAssignor";
                });
        return p;
    }

    /** Names, or expressions if one of them begins with a circumflex. */
    private void subscribe(Consumer<byte[], byte[]> consumer) {
        Set<String> topics = new HashSet<>(settings.topics());
        if (topics.stream().noneMatch(t -> t.startsWith("^"))) {
            consumer.subscribe(topics);
            return;
        }
        consumer.subscribe(Pattern.compile(topics.stream()
                .map(t -> t.startsWith("^") ? t : "^" + Pattern.quote(t) + "$")
                .collect(Collectors.joining("|"))));
    }

    private void consume(Consumer<byte[], byte[]> consumer)
            throws InterruptedException, ExecutionException, TimeoutException {
        while (!thread.isClosed()) {
            ConsumerRecords<byte[], byte[]> records = consumer.poll(Duration.ofSeconds(1));
            List<Received> batch = new ArrayList<>(records.count());
            for (ConsumerRecord<byte[], byte[]> r : records) {
                if (r.value() != null) {
                    batch.add(received(r, consumer.groupMetadata().memberId()));
                }
            }
            if (!batch.isEmpty()) {
                // on the agent's disk the entries are safe; longer than this only a disk in trouble takes
                intake.add(batch, null).get(4, TimeUnit.MINUTES);
                consumer.commitSync();
            }
            thread.works();
        }
    }

    private Received received(ConsumerRecord<byte[], byte[]> r, String member) {
        Map<String, String> labels = new TreeMap<>();
        labels.put("__meta_kafka_topic", r.topic());
        labels.put("__meta_kafka_partition", Integer.toString(r.partition()));
        labels.put("__meta_kafka_group_id", settings.group());
        labels.put("__meta_kafka_member_id", member);
        if (r.key() != null) {
            labels.put("__meta_kafka_message_key", new String(r.key(), StandardCharsets.UTF_8));
        }
        long time = settings.useIncomingTimestamp() && r.timestamp() > 0 ? r.timestamp() * 1_000_000 : 0;
        return new Received(labels, time, r.value(), Labels.EMPTY, null);
    }

    @Override
    public String problem() {
        return thread.problem();
    }

    @Override
    public void close() {
        thread.close();
    }
}
