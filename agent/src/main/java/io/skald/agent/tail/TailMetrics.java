/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.tail;

import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.Counter;
import io.prometheus.client.Gauge;

/** Numbers about reading. Registered for as long as it is not closed. */
public final class TailMetrics implements AutoCloseable {
    final Counter readBytes =
            counter("skald_agent_read_bytes", "Bytes of files that were read and put into the outbox.");
    final Counter readLines = counter("skald_agent_read_lines", "Lines that were read.");
    final Counter truncatedLines =
            counter("skald_agent_truncated_lines", "Lines of which only the first 1 MiB was taken.");
    final Counter truncations =
            counter("skald_agent_file_truncations", "Files that were truncated while they were followed.");
    final Counter readErrors =
            counter("skald_agent_read_errors", "Failures to open or read a file; they are tried again.");
    final Counter skippedFiles =
            counter("skald_agent_skipped_files", "Compressed files that match a glob and are not read.");
    final Gauge openFiles = gauge("skald_agent_open_files", "Files that are open.");
    final Gauge lagBytes = gauge("skald_agent_lag_bytes", "Bytes of open files that are not read yet.");

    final Gauge lagSeconds = gauge(
            "skald_agent_lag_seconds", "For how long the file that waits longest has had bytes that are not read.");
    final Counter lostBytes = counter(
            "skald_agent_lost_bytes", "Bytes that were gone before they were read, as far as they had been seen.");

    private final CollectorRegistry registry;

    public TailMetrics(CollectorRegistry registry) {
        this.registry = registry;
        registry.register(readBytes);
        registry.register(readLines);
        registry.register(truncatedLines);
        registry.register(truncations);
        registry.register(readErrors);
        registry.register(skippedFiles);
        registry.register(openFiles);
        registry.register(lagBytes);
        registry.register(lagSeconds);
        registry.register(lostBytes);
    }

    private static Counter counter(String name, String help) {
        return Counter.build(name, help).create();
    }

    private static Gauge gauge(String name, String help) {
        return Gauge.build(name, help).create();
    }

    @Override
    public void close() {
        registry.unregister(readBytes);
        registry.unregister(readLines);
        registry.unregister(truncatedLines);
        registry.unregister(truncations);
        registry.unregister(readErrors);
        registry.unregister(skippedFiles);
        registry.unregister(openFiles);
        registry.unregister(lagBytes);
        registry.unregister(lagSeconds);
        registry.unregister(lostBytes);
    }
}
