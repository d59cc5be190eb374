/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.record;

import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.Counter;
import io.prometheus.client.Gauge;
import io.skald.core.config.RemoteWriteSettings;
import io.skald.core.http.HttpRequest;
import io.skald.core.model.Labels;
import io.skald.core.model.TenantId;
import io.skald.querier.rules.eval.Recorded;
import io.skald.querier.rules.notify.HttpSender;
import io.skald.querier.rules.notify.SendException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.xerial.snappy.Snappy;

/** Sends recorded series by Prometheus' remote write, through a queue on disk. Thread-safe. */
public final class RemoteWriter implements Recorded.Sink, AutoCloseable {
    private static final System.Logger LOG = System.getLogger(RemoteWriter.class.getName());
    private static final int REQUEST_BYTES = 256 << 10;
    private static final long FILE_BYTES = 4L << 20;
    private static final long FIRST_PAUSE = Duration.ofMillis(200).toNanos();
    private static final long LONGEST_PAUSE = Duration.ofSeconds(10).toNanos();
    private static final long SYNC_NANOS = Duration.ofSeconds(1).toNanos();

    private final URI url;
    private final boolean multiTenant;
    private final Labels externalLabels;
    private final long maxAgeMillis;
    private final WriteQueue queue;
    private final HttpSender http;
    private final Counter sent;
    private final Counter dropped;
    private final Counter failures;
    private final Thread thread =
            Thread.ofPlatform().name("remote write").daemon().unstarted(this::run);
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    // guarded by lock
    private boolean closed;
    private boolean added = true;

    private RemoteWriter(
            RemoteWriteSettings s,
            WriteQueue queue,
            HttpSender http,
            Labels externalLabels,
            boolean multiTenant,
            CollectorRegistry registry) {
        this.url = URI.create(s.url());
        this.multiTenant = multiTenant;
        this.externalLabels = externalLabels;
        this.maxAgeMillis = s.maxAge().toMillis();
        this.queue = queue;
        this.http = http;
        sent = Counter.build("skald_rules_remote_write_sent_bytes_total", "Bytes of remote-write messages taken.")
                .register(registry);
        dropped = Counter.build(
                        "skald_rules_remote_write_dropped_total",
                        "Remote-write messages that were dropped: too old, too many, or refused.")
                .register(registry);
        failures = Counter.build("skald_rules_remote_write_failures_total", "Remote-write requests that failed.")
                .register(registry);
        Gauge waiting = Gauge.build("skald_rules_remote_write_queue_bytes", "Bytes that wait on disk for remote write.")
                .create();
        waiting.setChild(new Gauge.Child() {
            @Override
            public double get() {
                return queue.bytes();
            }
        });
        waiting.register(registry);
    }

    /**
     * Opens the queue and begins to send what waits.
     *
     * @throws IOException if the directory cannot be used
     */
    public static RemoteWriter open(
            RemoteWriteSettings s,
            Path directory,
            Labels externalLabels,
            boolean multiTenant,
            CollectorRegistry registry)
            throws IOException {
        HttpSender http = new HttpSender(s.client(), s.remoteTimeout());
        WriteQueue queue = WriteQueue.open(directory, Math.min(FILE_BYTES, s.maxQueueSize() / 4), s.maxQueueSize());
        RemoteWriter w = new RemoteWriter(s, queue, http, externalLabels, multiTenant, registry);
        w.thread.start();
        return w;
    }

    @Override
    public void record(List<Recorded> samples) {
        Map<TenantId, List<Recorded>> byTenant = new TreeMap<>();
        samples.forEach(s -> byTenant.computeIfAbsent(s.tenant(), t -> new java.util.ArrayList<>())
                .add(s));
        byTenant.forEach((tenant, all) -> {
            try {
                long before = queue.droppedFiles();
                queue.add(all.getFirst().atNanos() / 1_000_000, tenant, WriteRequests.encode(all, externalLabels));
                dropped.inc((double) (queue.droppedFiles() - before));
            } catch (IOException e) {
                dropped.inc();
                LOG.log(Level.ERROR, "recorded series are lost, the queue of remote write cannot be written: " + e);
            }
        });
        lock.lock();
        try {
            added = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void run() {
        long pause = 0;
        long synced = System.nanoTime();
        try {
            while (await(pause)) {
                try {
                    pause = sendSome() ? 0 : FIRST_PAUSE / 2;
                } catch (SendException e) {
                    failures.inc();
                    if (pause < FIRST_PAUSE) {
                        LOG.log(Level.WARNING, "recorded series wait on disk: " + e.getMessage());
                    }
                    pause = Math.min(LONGEST_PAUSE, Math.max(FIRST_PAUSE, pause * 2));
                }
                if (System.nanoTime() - synced > SYNC_NANOS) {
                    queue.sync();
                    synced = System.nanoTime();
                }
            }
        } catch (IOException e) {
            LOG.log(Level.ERROR, "remote write has ended, its queue cannot be read", e);
        } catch (InterruptedException e) {
            LOG.log(Level.DEBUG, "remote write ends", e);
        }
    }

    /** Waits so long, or a second for something to send; false once closed. */
    private boolean await(long pause) throws InterruptedException {
        lock.lock();
        try {
            long left = pause > 0 ? pause : SYNC_NANOS;
            while (!closed && left > 0 && (pause > 0 || !added)) {
                left = changed.awaitNanos(left);
            }
            return !closed;
        } finally {
            lock.unlock();
        }
    }

    /** Sends one request; false if there was nothing to send. */
    private boolean sendSome() throws SendException, IOException, InterruptedException {
        List<WriteQueue.Item> items = queue.peek(REQUEST_BYTES);
        if (items.isEmpty()) {
            lock.lock();
            try {
                added = false;
            } finally {
                lock.unlock();
            }
            // what was added meanwhile is found at the next look
            return !queue.peek(1).isEmpty();
        }
        long oldest = System.currentTimeMillis() - maxAgeMillis;
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (WriteQueue.Item i : items) {
            if (i.millis() < oldest) {
                dropped.inc();
            } else {
                all.write(i.message());
            }
        }
        if (all.size() > 0) {
            send(all.toByteArray(), items);
        }
        queue.done(items.getLast());
        return true;
    }

    private void send(byte[] message, List<WriteQueue.Item> items)
            throws SendException, IOException, InterruptedException {
        Map<String, String> headers = new HashMap<>(Map.of(
                "Content-Type",
                "application/x-protobuf",
                "Content-Encoding",
                "snappy",
                "X-Prometheus-Remote-Write-Version",
                "0.1.0"));
        if (multiTenant) {
            headers.put(HttpRequest.TENANT_HEADER, items.getFirst().tenant().value());
        }
        try {
            http.post(url, Snappy.compress(message), headers);
            sent.inc(message.length);
        } catch (SendException e) {
            if (e.retryable()) {
                throw e;
            }
            dropped.inc(items.size());
            LOG.log(Level.ERROR, "recorded series are dropped: " + e.getMessage());
        }
    }

    /** Sends no more; what waits is on disk. Idempotent. */
    @Override
    public void close() throws IOException {
        lock.lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        thread.interrupt();
        io.skald.core.service.Threads.awaitEnd(thread);
        http.close();
        queue.close();
    }
}
