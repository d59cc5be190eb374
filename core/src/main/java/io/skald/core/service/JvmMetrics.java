/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.service;

import io.prometheus.client.Collector;
import io.prometheus.client.CounterMetricFamily;
import io.prometheus.client.GaugeMetricFamily;
import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryUsage;
import java.lang.management.OperatingSystemMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The process and its JVM, by names that Prometheus' linter accepts (those of the client library's exporter are partly refused). What the
 * platform does not tell is left out. Thread-safe.
 */
public final class JvmMetrics extends Collector {
    private static final Path STATM = Path.of("/proc/self/statm");
    private static final long PAGE_BYTES = 4096;

    @Override
    public List<MetricFamilySamples> collect() {
        List<MetricFamilySamples> out = new ArrayList<>();
        memory(out);
        collections(out);
        GaugeMetricFamily pools =
                new GaugeMetricFamily("jvm_buffer_pool_used_bytes", "Bytes in buffers off the heap.", List.of("pool"));
        for (BufferPoolMXBean b : ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class)) {
            pools.addMetric(List.of(b.getName()), (double) b.getMemoryUsed());
        }
        out.add(pools);
        out.add(new GaugeMetricFamily(
                "jvm_threads",
                "Platform threads alive.",
                ManagementFactory.getThreadMXBean().getThreadCount()));
        process(out);
        return out;
    }

    private static void memory(List<MetricFamilySamples> out) {
        GaugeMetricFamily used =
                new GaugeMetricFamily("jvm_memory_used_bytes", "Memory in use, by area.", List.of("area"));
        GaugeMetricFamily committed = new GaugeMetricFamily(
                "jvm_memory_committed_bytes", "Memory taken from the system, by area.", List.of("area"));
        GaugeMetricFamily max =
                new GaugeMetricFamily("jvm_memory_max_bytes", "Most memory allowed, by area.", List.of("area"));
        MemoryUsage heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage();
        MemoryUsage rest = ManagementFactory.getMemoryMXBean().getNonHeapMemoryUsage();
        used.addMetric(List.of("heap"), (double) heap.getUsed());
        used.addMetric(List.of("nonheap"), (double) rest.getUsed());
        committed.addMetric(List.of("heap"), (double) heap.getCommitted());
        committed.addMetric(List.of("nonheap"), (double) rest.getCommitted());
        max.addMetric(List.of("heap"), (double) heap.getMax());
        out.add(used);
        out.add(committed);
        out.add(max);
    }

    private static void collections(List<MetricFamilySamples> out) {
        CounterMetricFamily count =
                new CounterMetricFamily("jvm_gc_collections", "Garbage collections.", List.of("collector"));
        CounterMetricFamily seconds = new CounterMetricFamily(
                "jvm_gc_collection_seconds", "Time spent in garbage collections.", List.of("collector"));
        for (GarbageCollectorMXBean gc : ManagementFactory.getGarbageCollectorMXBeans()) {
            count.addMetric(List.of(gc.getName()), (double) gc.getCollectionCount());
            seconds.addMetric(List.of(gc.getName()), gc.getCollectionTime() / 1e3);
        }
        out.add(count);
        out.add(seconds);
    }

    private static void process(List<MetricFamilySamples> out) {
        OperatingSystemMXBean os = ManagementFactory.getOperatingSystemMXBean();
        if (os instanceof com.sun.management.UnixOperatingSystemMXBean unix) {
            out.add(new CounterMetricFamily(
                    "process_cpu_seconds", "User and system CPU time spent.", unix.getProcessCpuTime() / 1e9));
            out.add(new GaugeMetricFamily(
                    "process_open_fds", "Open file descriptors.", (double) unix.getOpenFileDescriptorCount()));
            out.add(new GaugeMetricFamily(
                    "process_max_fds", "Most open file descriptors.", (double) unix.getMaxFileDescriptorCount()));
        }
        out.add(new GaugeMetricFamily(
                "process_start_time_seconds",
                "Start of the process, Unix time.",
                ManagementFactory.getRuntimeMXBean().getStartTime() / 1e3));
        if (Files.isReadable(STATM)) {
            try {
                String[] pages = Files.readString(STATM).split(" ");
                out.add(new GaugeMetricFamily(
                        "process_virtual_memory_bytes",
                        "Virtual memory.",
                        (double) Long.parseLong(pages[0]) * PAGE_BYTES));
                out.add(new GaugeMetricFamily(
                        "process_resident_memory_bytes",
                        "Resident memory.",
                        (double) Long.parseLong(pages[1]) * PAGE_BYTES));
            } catch (IOException | NumberFormatException e) {
                // a platform whose /proc looks otherwise: these two are not told there
                System.getLogger(JvmMetrics.class.getName()).log(System.Logger.Level.DEBUG, "no memory sizes", e);
            }
        }
    }
}
