/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.prometheus.client.CollectorRegistry;
import io.skald.cli.run.RunOptions;
import io.skald.core.config.SkaldConfig;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.storage.SegmentStore;
import io.skald.storage.StoreMetrics;
import io.skald.storage.compact.Garbage;
import io.skald.storage.dynamodb.DynamoDbIndexStore;
import io.skald.storage.index.CommitLog;
import io.skald.storage.s3.S3SegmentStore;
import io.skald.storage.segment.SegmentRef;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The ingester that compacts is stopped in the middle of it (SIGSTOP) for longer than its lease. Another takes over; the first, when it goes
 * on, finds out that it came too late and changes nothing. What is stored is looked at in the stores themselves.
 */
final class StoppedCompaction implements AutoCloseable {
    private static final TenantId TENANT = new TenantId("fake");
    private static final int STREAMS = 20;
    /** A stream's lines take a twentieth of a second at the rate that the configuration allows. */
    private static final int LINES = 1000;

    private static final int TRIES = 5;

    /** An ingester, and where it listens. */
    record Ingester(SkaldProcess process, String url) {}

    private final HttpClient http;
    private final List<Ingester> ingesters;
    private final DynamoDbIndexStore index;
    private final SegmentStore objects;
    private final CommitLog log;
    private final long time;
    private int pushed;
    private Ingester stopped;
    private double overtaken;

    /** @param time of the lines that are pushed, nanoseconds; of a day that is over */
    StoppedCompaction(HttpClient http, Path configuration, List<Ingester> ingesters, long time) throws Exception {
        System.setProperty("aws.accessKeyId", "test");
        System.setProperty("aws.secretAccessKey", "test");
        this.http = http;
        this.ingesters = ingesters;
        this.time = time;
        SkaldConfig config = RunOptions.load(configuration);
        StoreMetrics metrics = new StoreMetrics(new CollectorRegistry());
        this.index = DynamoDbIndexStore.open(config.storage().dynamodb(), metrics);
        this.objects = S3SegmentStore.open(config.storage().s3(), metrics);
        this.log = new CommitLog(index);
    }

    private double metric(Ingester of, String name) throws Exception {
        String all = SkaldProcess.get(http, of.url + "/metrics").body();
        Matcher m = Pattern.compile("(?m)^skald_compaction_" + name + "_total (\\S+)$")
                .matcher(all);
        assertThat(m.find()).as(name).isTrue();
        return Double.parseDouble(m.group(1));
    }

    private void post(Ingester to, String path, String body) throws Exception {
        HttpRequest r = HttpRequest.newBuilder(URI.create(to.url + path))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
        SkaldProcess.Reply reply = SkaldProcess.send(http, r);
        assertThat(reply.status()).as(reply.body()).isBetween(200, 204);
    }

    /** Something that takes a second to be compacted. */
    private void push() throws Exception {
        StringBuilder streams = new StringBuilder();
        for (int s = 0; s < STREAMS; s++) {
            StringBuilder values = new StringBuilder();
            for (int i = 0; i < LINES; i++) {
                values.append(i == 0 ? "" : ",")
                        .append("[\"")
                        .append(time + pushed++)
                        .append("\",\"")
                        .append("a line that is stored once, whoever compacts it and however long that takes. "
                                .repeat(2))
                        .append("\"]");
            }
            streams.append(s == 0 ? "" : ",")
                    .append("{\"stream\":{\"app\":\"bulk\",\"n\":\"" + s + "\"},\"values\":[")
                    .append(values)
                    .append("]}");
        }
        Ingester any = ingesters.getLast();
        post(any, "/loki/api/v1/push", "{\"streams\":[" + streams + "]}");
        for (Ingester i : ingesters) {
            post(i, "/flush", "");
        }
    }

    private List<SegmentRef> stored() throws StoreException {
        return log.read(TENANT).segments();
    }

    /** Whether there is something to compact: all of it is of one day. */
    boolean unfinished() throws StoreException {
        return stored().size() > 1 || stored().stream().anyMatch(s -> s.level() == 0);
    }

    /** Stops the process that compacts while it does. */
    void stop() throws Exception {
        for (int n = 0; n < TRIES; n++) {
            await(() -> !unfinished());
            double[] before = new double[ingesters.size()];
            for (int i = 0; i < before.length; i++) {
                before[i] = metric(ingesters.get(i), "wait_seconds");
            }
            push();
            Ingester holder = null;
            while (holder == null && unfinished()) {
                for (int i = 0; i < before.length; i++) {
                    holder = metric(ingesters.get(i), "wait_seconds") > before[i] ? ingesters.get(i) : holder;
                }
            }
            if (holder != null) {
                overtaken = metric(holder, "overtaken");
                holder.process.pause();
                if (unfinished()) {
                    stopped = holder;
                    return;
                }
                holder.process.resume();
            }
        }
        throw new AssertionError("compactions end before their process can be stopped");
    }

    /** Waits for another to do it, and lets the first go on, which must notice. */
    void resume() throws Exception {
        await(() -> !unfinished());
        List<SegmentRef> before = stored();
        stopped.process.resume();
        await(() -> metric(stopped, "overtaken") > overtaken);
        assertThat(stored()).isEqualTo(before);
    }

    /** How many entries are stored, each as often as it is. */
    long entries() throws StoreException {
        return stored().stream().mapToLong(SegmentRef::entries).sum();
    }

    int pushed() {
        return pushed;
    }

    /** Every object is a segment, or is noted to be removed. */
    void nothingIsLeftBehind() throws StoreException {
        Set<String> known = new HashSet<>(new Garbage(index, objects, log).noted(TENANT));
        stored().forEach(s -> known.add(s.key()));
        assertThat(known).containsAll(objects.list(""));
    }

    private interface Condition {
        boolean holds() throws Exception;
    }

    private static void await(Condition condition) throws Exception {
        long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
        while (!condition.holds()) {
            assertThat(System.nanoTime()).as("waited for a minute").isLessThan(deadline);
            Thread.sleep(20);
        }
    }

    @Override
    public void close() throws StoreException, IOException {
        objects.close();
        index.close();
    }
}
