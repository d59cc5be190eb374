/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.receive;

import io.skald.core.model.Labels;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;

/**
 * {@code kafka}: a member of a consumer group. Offsets are committed once the entries are on the agent's disk. They are kept there too, with the
 * entries: what was stored but not committed, because the agent or the broker died in between, is not stored again by this agent.
 */
final class KafkaSource implements Source {
    private static final System.Logger LOG = System.getLogger(KafkaSource.class.getName());
    private static final Duration PAUSE = Duration.ofSeconds(5);
    private static final Duration LEAVE = Duration.ofSeconds(3);

    /**
     * What of a partition was stored last.
     *
     * @param from the first offset
     * @param to behind the last
     */
    private record Stored(long from, long to) {
        static @Nullable Stored parse(@Nullable String text) {
            if (text == null) {
                return null;
            }
            int dash = text.indexOf('-');
            return new Stored(Long.parseLong(text.substring(0, dash)), Long.parseLong(text.substring(dash + 1)));
        }

        @Override
        public String toString() {
            return from + "-" + to;
        }
    }

    private final SourceSettings.Kafka settings;
    private final Intake intake;
    private final Supplier<Consumer<byte[], byte[]>> consumers;
    private final SourceThread thread;
    private final String job;
    private final Function<String, @Nullable String> cursors;
    /** What was stored since the start; of the source's thread. */
    private final Map<TopicPartition, Stored> stored = new HashMap<>();
    /** Where the group goes on; of the source's thread. */
    private final Map<TopicPartition, Long> committed = new HashMap<>();

    KafkaSource(String job, SourceSettings.Kafka settings, Intake intake, Function<String, @Nullable String> cursors) {
        this(job, settings, intake, cursors, () -> new KafkaConsumer<>(properties(settings)));
    }

    /**
     * @param cursors what was stored before the start, by {@link #cursor}
     * @param consumers connects to the brokers; again after a failure
     */
    KafkaSource(
            String job,
            SourceSettings.Kafka settings,
            Intake intake,
            Function<String, @Nullable String> cursors,
            Supplier<Consumer<byte[], byte[]>> consumers) {
        this.job = job;
        this.cursors = cursors;
        this.settings = settings;
        this.intake = intake;
        this.consumers = consumers;
        this.thread = new SourceThread(job, "kafka", PAUSE, this::run, intake::failed);
    }

    @Override
    public void start() {
        thread.start();
    }

    private void run() throws Exception {
        try {
            Consumer<byte[], byte[]> consumer = consumers.get();
            try {
                subscribe(consumer);
                consume(consumer);
            } finally {
                // an interrupt that is pending would keep it from leaving the group, and others from taking over at
                // once
                boolean stops = Thread.interrupted();
                consumer.close(CloseOptions.timeout(LEAVE));
                if (stops) {
                    Thread.currentThread().interrupt();
                }
            }
        } catch (InterruptException e) {
            throw new InterruptedException("the agent stops");
        } catch (KafkaException e) {
            throw new IOException("kafka: " + e.getMessage(), e);
        }
    }

    private static Map<String, Object> properties(SourceSettings.Kafka settings) {
        Map<String, Object> p = new HashMap<>(settings.client());
        Object cert = p.remove(SourceSettings.Kafka.CERT_FILE);
        Object key = p.remove(SourceSettings.Kafka.KEY_FILE);
        if (cert != null && key != null) {
            p.put("ssl.keystore.type", "PEM");
            p.put("ssl.keystore.certificate.chain", read(cert));
            p.put("ssl.keystore.key", read(key));
        }
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

    private static String read(Object file) {
        try {
            return Files.readString(Path.of(file.toString()));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + file, e);
        }
    }

    /** Names, or expressions if one of them begins with a circumflex. */
    private void subscribe(Consumer<byte[], byte[]> consumer) {
        Set<String> topics = new HashSet<>(settings.topics());
        if (topics.stream().noneMatch(t -> t.startsWith("^"))) {
            consumer.subscribe(topics, new Assigned(consumer));
            return;
        }
        Pattern pattern = Pattern.compile(topics.stream()
                .map(t -> t.startsWith("^") ? t : "^" + Pattern.quote(t) + "$")
                .collect(Collectors.joining("|")));
        consumer.subscribe(pattern, new Assigned(consumer));
    }

    /** Goes on behind what this agent has stored, if the group knows less: the commit was lost. */
    private final class Assigned implements ConsumerRebalanceListener {
        private final Consumer<byte[], byte[]> consumer;

        Assigned(Consumer<byte[], byte[]> consumer) {
            this.consumer = consumer;
        }

        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
            // everything that was polled is committed, or was not stored
        }

        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
            Map<TopicPartition, OffsetAndMetadata> known = consumer.committed(new HashSet<>(partitions));
            for (TopicPartition p : partitions) {
                Stored s = stored.containsKey(p) ? stored.get(p) : Stored.parse(cursors.apply(cursor(p)));
                OffsetAndMetadata at = known.get(p);
                committed.remove(p);
                if (at != null) {
                    committed.put(p, at.offset());
                }
                // an offset before the last batch was set by somebody who wants to have it all again
                if (s != null && (at == null || at.offset() >= s.from && at.offset() < s.to)) {
                    LOG.log(
                            System.Logger.Level.INFO,
                            () -> job + ": " + p + " goes on at " + s.to + ", its commit was lost");
                    consumer.seek(p, s.to);
                }
            }
        }
    }

    private String cursor(TopicPartition p) {
        return "kafka/" + job + "/" + settings.group() + "/" + p.topic() + "/" + p.partition();
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
            if (records.count() > 0) {
                Map<TopicPartition, Stored> now = new HashMap<>();
                for (TopicPartition p : records.partitions()) {
                    List<ConsumerRecord<byte[], byte[]>> of = records.records(p);
                    long first = of.getFirst().offset();
                    // before the first there may be offsets that nobody is given
                    long from = Math.min(first, committed.getOrDefault(p, first));
                    now.put(p, new Stored(from, of.getLast().offset() + 1));
                }
                Map<String, String> at = new HashMap<>();
                now.forEach((p, s) -> at.put(cursor(p), s.toString()));
                CompletableFuture<Void> durable = intake.add(batch, at);
                // from here on the entries go to disk, whatever becomes of this thread
                stored.putAll(now);
                // longer than this only a disk in trouble takes
                durable.get(4, TimeUnit.MINUTES);
                consumer.commitSync();
                now.forEach((p, s) -> committed.put(p, consumer.position(p)));
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
    public SourceStatus status() {
        return intake.status(
                "kafka",
                String.join(",", settings.topics()) + " at " + String.join(",", settings.brokers()),
                problem(),
                false);
    }

    @Override
    public String problem() {
        return thread.problem();
    }

    @Override
    public void close() {
        thread.close();
        thread.awaitEnd(LEAVE.plusSeconds(1));
    }
}
