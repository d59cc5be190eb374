/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.bench.day;

import io.prometheus.client.CollectorRegistry;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.StoreException;
import io.skald.storage.StoreMetrics;
import io.skald.storage.dynamodb.DynamoDbIndexStore;
import io.skald.storage.index.IndexVersion;
import io.skald.storage.segment.SegmentRef;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * Lives through a day: {@code Day --directory DIR [--lines-per-minute 50000] [--ingesters 2] [--services 25] [--pods 3] [--rollouts 200]
 * [--hours 24] [--from-hour 0] [--seed 1]}. Lines carry the times of that day; flushes and looks of the compaction come when they would. Then a cold querier
 * asks, a user is deleted, and every object is read. Exit code 1 if a figure is not what it should be.
 */
public final class Day {
    private static final long MINUTE = 60_000;
    /** How far the day may run ahead of a compaction. */
    private static final int MAX_LAG_MINUTES = 10;
    /** After the day: until it is taken to be complete, and what was replaced is removed. */
    private static final int AFTER_MINUTES = 240;

    private final Map<String, String> options;
    private final PrintStream out;
    private final ExecutorService threads = Executors.newFixedThreadPool(4);
    private @Nullable Future<?> compaction;
    private long compactionBegan;
    private long compactionMillis;

    private Day(Map<String, String> options, PrintStream out) {
        this.options = options;
        this.out = out;
    }

    /** Runs it. */
    public static void main(String[] args) throws Exception {
        Map<String, String> options = new HashMap<>();
        for (int i = 0; i + 1 < args.length; i += 2) {
            options.put(args[i].substring(2), args[i + 1]);
        }
        Day day = new Day(options, System.out);
        boolean good;
        try {
            good = day.run();
        } finally {
            day.threads.shutdownNow();
        }
        System.exit(good ? 0 : 1);
    }

    private int number(String name, int otherwise) {
        return Integer.parseInt(options.getOrDefault(name, Integer.toString(otherwise)));
    }

    private void say(String text) {
        out.println(text);
        out.flush();
    }

    private boolean run() throws Exception {
        Path directory = Path.of(options.getOrDefault("directory", "day"));
        Files.createDirectories(directory);
        long start = LocalDate.of(2030, 3, 12)
                        .atStartOfDay()
                        .toInstant(ZoneOffset.UTC)
                        .toEpochMilli()
                + number("from-hour", 0) * 60L * MINUTE;
        DayClock clock = new DayClock(start);
        StoreMetrics metrics = new StoreMetrics(new CollectorRegistry());
        List<Node> nodes = new ArrayList<>();
        try (LocalStores stores = LocalStores.start(directory)) {
            DynamoDbIndexStore.init(stores.dynamoDb(), new StoreMetrics(new CollectorRegistry()));
            for (int i = 0; i < number("ingesters", 2); i++) {
                nodes.add(new Node("ingester-" + i, directory.resolve("ingester-" + i), stores, metrics, clock));
            }
            try {
                return live(start, clock, metrics, nodes, stores, directory);
            } finally {
                nodes.forEach(Node::close);
            }
        }
    }

    private boolean live(
            long start, DayClock clock, StoreMetrics metrics, List<Node> nodes, LocalStores stores, Path directory)
            throws Exception {
        int minutes = Math.max(1, (int) Math.round(Double.parseDouble(options.getOrDefault("hours", "24")) * 60));
        DayLines lines = new DayLines(number("seed", 1), number("services", 25), number("pods", 3));
        LokiLayout loki = new LokiLayout();
        SplittableRandom random = new SplittableRandom(number("seed", 1) + 1);
        int[] rolloutsAt = new int[minutes];
        for (int i = 0; i < number("rollouts", 200); i++) {
            rolloutsAt[random.nextInt(minutes)]++;
        }
        Calls before = Calls.of(metrics);
        long began = System.nanoTime();
        long userLines = 0;
        for (int m = 0; m < minutes; m++) {
            clock.set(start + m * MINUTE);
            for (int r = 0; r < rolloutsAt[m]; r++) {
                lines.rollOut(random.nextInt(lines.pods()));
            }
            if (m == minutes / 3) {
                lines.plant(Questions.TRACE);
            }
            List<EntryBatch> all = lines.minute(clock.nanos(), number("lines-per-minute", 50_000));
            long minute = m;
            Future<?> beside = threads.submit(() -> {
                all.forEach(b -> loki.add(b, minute));
                loki.idle(minute);
            });
            userLines += Questions.linesOfUser(all);
            clock.set(start + (m + 1) * MINUTE);
            push(nodes, all);
            beside.get();
            compact(nodes, m);
            if ((m + 1) % 120 == 0) {
                say(String.format(
                        Locale.ROOT,
                        "%02d:00 after %d s: %,d lines, %d segments, %,d PUTs, %,d GETs",
                        (m + 1) / 60,
                        (System.nanoTime() - began) / 1_000_000_000,
                        lines.lines,
                        nodes.getFirst().log.read(Node.TENANT).segments().size(),
                        Calls.of(metrics).minus(before).puts,
                        Calls.of(metrics).minus(before).gets));
            }
        }
        for (Node n : nodes) {
            n.flush();
        }
        loki.end();
        settle(nodes, clock, start + minutes * MINUTE);
        Calls day = Calls.of(metrics).minus(before);
        say(String.format(
                Locale.ROOT,
                "the day took %d s, of which compaction worked %d s",
                (System.nanoTime() - began) / 1_000_000_000,
                compactionMillis / 1000));
        IndexVersion v = nodes.getFirst().log.read(Node.TENANT);
        Report report = new Report(
                out,
                lines,
                loki,
                minutes / 60.0,
                nodes.stream().mapToInt(n -> n.flushes).sum());
        boolean good = report.print(day, v.segments());
        Questions questions =
                new Questions(out, stores, directory, start * 1_000_000, (start + minutes * MINUTE) * 1_000_000);
        good &= questions.ask(lines.lines, stored(v));
        good &= questions.delete(nodes, lines.lines, userLines, () -> settle(nodes, clock, clock.millis()));
        return good;
    }

    private static long stored(IndexVersion v) {
        return v.segments().stream().mapToLong(SegmentRef::sizeBytes).sum();
    }

    /** Pods of a node send to its ingester. */
    private void push(List<Node> nodes, List<EntryBatch> all) throws InterruptedException, ExecutionException {
        List<Future<?>> done = new ArrayList<>();
        for (int i = 0; i < nodes.size(); i++) {
            Node n = nodes.get(i);
            List<EntryBatch> its = new ArrayList<>();
            for (int k = i; k < all.size(); k += nodes.size()) {
                its.add(all.get(k));
            }
            done.add(threads.submit(() -> {
                n.push(its);
                if (n.flushDue()) {
                    n.flush();
                }
                return null;
            }));
        }
        for (Future<?> f : done) {
            f.get();
        }
    }

    private void compact(List<Node> nodes, int minute) throws InterruptedException, ExecutionException {
        Future<?> last = compaction;
        if (last != null) {
            if (!last.isDone() && minute - compactionBegan < MAX_LAG_MINUTES) {
                return;
            }
            last.get();
        }
        compactionBegan = minute;
        compaction = threads.submit(() -> {
            long begin = System.nanoTime();
            for (Node n : nodes) {
                n.compact();
            }
            compactionMillis += (System.nanoTime() - begin) / 1_000_000;
            return null;
        });
    }

    /** Lets time pass until nothing is left to do. */
    private void settle(List<Node> nodes, DayClock clock, long from)
            throws InterruptedException, ExecutionException, StoreException {
        Future<?> last = compaction;
        if (last != null) {
            last.get();
            compaction = null;
        }
        long begin = System.nanoTime();
        for (int m = 0; m < AFTER_MINUTES; m++) {
            clock.set(from + m * MINUTE);
            for (Node n : nodes) {
                n.compact();
            }
        }
        compactionMillis += (System.nanoTime() - begin) / 1_000_000;
    }
}
