/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage;

import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.Counter;
import io.prometheus.client.Histogram;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.DoubleAdder;
import java.util.concurrent.atomic.LongAdder;

/**
 * Counts every call to a store that charges for calls: as metrics, and by tenant for the accounting of cost. One for each process.
 * Thread-safe.
 */
public final class StoreMetrics {
    /** Tenants beyond this count as one, under an empty name. */
    private static final int MAX_TENANTS = 10_000;

    private final Counter calls;
    private final Histogram duration;
    private final Counter bytes;
    private final Counter retries;
    private final Counter throttles;
    private final Counter units;
    private final ConcurrentHashMap<Row, Sums> rows = new ConcurrentHashMap<>();
    private final ConcurrentHashMap<String, Boolean> tenants = new ConcurrentHashMap<>();

    public StoreMetrics(CollectorRegistry registry) {
        calls = Counter.build(
                        "skald_storage_calls", "Calls to a store, by outcome; a call that was retried counts once.")
                .labelNames("store", "operation", "outcome")
                .register(registry);
        duration = Histogram.build("skald_storage_call_duration_seconds", "How long calls took, retries included.")
                .labelNames("store", "operation")
                .buckets(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
                .register(registry);
        bytes = Counter.build("skald_storage_bytes", "Bytes of content sent to and received from a store.")
                .labelNames("store", "operation", "direction")
                .register(registry);
        retries = Counter.build("skald_storage_retries", "Attempts after the first of a call.")
                .labelNames("store", "operation")
                .register(registry);
        throttles = Counter.build(
                        "skald_storage_throttles", "Attempts that a store refused because there were too many.")
                .labelNames("store", "operation")
                .register(registry);
        units = Counter.build("skald_storage_dynamodb_units", "Request units that DynamoDB charged.")
                .labelNames("kind")
                .register(registry);
    }

    /** What is counted together. */
    private record Row(String tenant, String store, String operation) {}

    private static final class Sums {
        final LongAdder requests = new LongAdder();
        final LongAdder sent = new LongAdder();
        final LongAdder received = new LongAdder();
        final DoubleAdder readUnits = new DoubleAdder();
        final DoubleAdder writeUnits = new DoubleAdder();
    }

    /**
     * What was asked of a store since the process started.
     *
     * @param tenant whose data it was about; empty for none
     * @param requests attempts included: each is charged
     */
    public record Usage(
            String tenant,
            String store,
            String operation,
            long requests,
            long sentBytes,
            long receivedBytes,
            double readUnits,
            double writeUnits) {}

    /**
     * Counts a call.
     *
     * @param name key or partition that it was about; what stands before its first slash is the tenant
     * @param nanos how long it took
     */
    public void call(
            String store, String operation, String name, long nanos, long sent, long received, boolean success) {
        calls.labels(store, operation, success ? "success" : "failure").inc();
        duration.labels(store, operation).observe(nanos / 1e9);
        bytes.labels(store, operation, "sent").inc((double) sent);
        bytes.labels(store, operation, "received").inc((double) received);
        Sums s = sums(name, store, operation);
        s.requests.increment();
        s.sent.add(sent);
        s.received.add(received);
    }

    /** Counts what it took beside the call itself. */
    public void attempts(String store, String operation, int retried, int throttled) {
        if (retried > 0) {
            retries.labels(store, operation).inc(retried);
            sums("", store, operation).requests.add(retried);
        }
        if (throttled > 0) {
            throttles.labels(store, operation).inc(throttled);
        }
    }

    /** Counts request units of DynamoDB. */
    public void units(String store, String operation, String name, double read, double write) {
        units.labels("read").inc(read);
        units.labels("write").inc(write);
        Sums s = sums(name, store, operation);
        s.readUnits.add(read);
        s.writeUnits.add(write);
    }

    private Sums sums(String name, String store, String operation) {
        int slash = name.indexOf('/');
        String tenant = slash <= 0 ? "" : name.substring(0, slash);
        if (tenants.size() >= MAX_TENANTS && !tenants.containsKey(tenant)) {
            tenant = "";
        } else {
            tenants.put(tenant, true);
        }
        return rows.computeIfAbsent(new Row(tenant, store, operation), r -> new Sums());
    }

    /** What was counted so far, in no order. */
    public List<Usage> usage() {
        List<Usage> all = new ArrayList<>();
        rows.forEach((r, s) -> all.add(new Usage(
                r.tenant,
                r.store,
                r.operation,
                s.requests.sum(),
                s.sent.sum(),
                s.received.sum(),
                s.readUnits.sum(),
                s.writeUnits.sum())));
        return all;
    }
}
