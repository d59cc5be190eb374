/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.bench.load;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.FutureTask;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Puts load on a process and counts what it holds afterwards. {@code java bench/src/main/java/io/skald/bench/load/Load.java SCENARIO --url URL
 * [--launch COMMAND] [--name value ...]}; docs/benchmarks.md has the scenarios. Exit code 1 when a line is missing or doubled, 2 when the command
 * line is wrong, 3 when the process cannot be reached.
 */
public final class Load {
    private static final long DAY_NANOS = 86_400_000_000_000L;
    private static final int LINE_BYTES = 200;
    private static final List<String> ORDERS = List.of("newest-first", "oldest-last", "shuffled");

    /** Their options, beside those of all. */
    private static final Map<String, List<String>> SCENARIOS = Map.of(
            "surge",
            List.of("lines-per-second", "seconds", "streams", "lines-per-push", "connections"),
            "streams",
            List.of("lines-per-second", "seconds", "streams", "lines-per-push", "connections"),
            "backlog",
            List.of("order", "lines", "streams", "lines-per-push", "connections", "seed"),
            "restart",
            List.of("gib", "streams", "connections"));

    private final Map<String, String> options;
    private final PrintStream out;
    private boolean rulesEvaluated = true;
    private final String run = Long.toHexString(System.currentTimeMillis());

    private Load(Map<String, String> options, PrintStream out) {
        this.options = options;
        this.out = out;
    }

    /** Runs a scenario. */
    public static void main(String[] args) throws Exception {
        PrintStream out = System.out;
        Map<String, String> options = new HashMap<>();
        String wrong = args.length == 0 ? "no scenario" : wrong(args, options);
        if (wrong != null) {
            out.println("load: " + wrong);
            out.println("usage: Load surge|streams|backlog|restart [--url URL] [--launch COMMAND] [--name value ...]");
            new TreeMap<>(SCENARIOS)
                    .forEach((name, its) -> out.println("  " + name + ": --" + String.join(", --", its)));
            System.exit(2);
        }
        try {
            System.exit(new Load(options, out).run(args[0]) ? 0 : 1);
        } catch (IOException e) {
            out.println("load: " + e.getMessage());
            System.exit(3);
        }
    }

    /** Reads the options; what is wrong with them, or null. */
    private static @Nullable String wrong(String[] args, Map<String, String> options) {
        List<String> known = SCENARIOS.get(args[0]);
        if (known == null) {
            return "no scenario " + args[0];
        }
        for (int i = 1; i < args.length; i += 2) {
            String name = args[i].startsWith("--") ? args[i].substring(2) : "";
            boolean text = name.equals("url") || name.equals("launch") || name.equals("order");
            if (!known.contains(name) && !name.equals("url") && !name.equals("launch") || i + 1 == args.length) {
                return args[0] + " has no option " + args[i] + ", or it has no value";
            }
            if (!text && !args[i + 1].matches("[1-9][0-9]{0,11}")) {
                return args[i] + " " + args[i + 1] + " is not a positive number";
            }
            if (name.equals("order") && !ORDERS.contains(args[i + 1])) {
                return "order is one of " + ORDERS;
            }
            options.put(name, args[i + 1]);
        }
        return args[0].equals("restart") && !options.containsKey("launch") ? "restart needs --launch" : null;
    }

    private long number(String name, long otherwise) {
        return Long.parseLong(options.getOrDefault(name, Long.toString(otherwise)));
    }

    private boolean run(String scenario) throws Exception {
        String url = options.getOrDefault("url", "http://127.0.0.1:3100");
        try (Target target = new Target(url, options.get("launch"))) {
            out.println("ready after " + target.start() + " ms");
            long sent = switch (scenario) {
                case "surge" -> paced(target, number("streams", 60), number("lines-per-second", 83_000));
                case "streams" -> paced(target, number("streams", 100_000), number("lines-per-second", 100_000));
                case "backlog" -> backlog(target, options.getOrDefault("order", "shuffled"));
                case "restart" -> restart(target);
                case "rules" -> rules(target);
                default -> throw new IllegalArgumentException("no scenario " + scenario);
            };
            boolean good = counted(target, sent, "before the flush");
            good &= rulesEvaluated;
            long begin = System.nanoTime();
            out.println("flush: " + target.flush() + " after " + (System.nanoTime() - begin) / 1_000_000 + " ms");
            good &= counted(target, sent, "after the flush");
            out.println("peak RSS " + target.memoryMiB("VmHWM") + " MiB, CPU " + target.cpuSeconds() + " s");
            return good;
        }
    }

    private boolean counted(Target target, long sent, String when) throws Exception {
        long begin = System.nanoTime();
        long found = target.count("sum(count_over_time({run=\"" + run + "\"}[48h]))");
        out.println(String.format(
                Locale.ROOT,
                "%s: %d of %d lines counted in %d ms: %s",
                when,
                found,
                sent,
                (System.nanoTime() - begin) / 1_000_000,
                found == sent ? "exact" : "WRONG"));
        return found == sent;
    }

    private String labels(long stream) {
        return "{run=\"" + run + "\", app=\"app-" + stream % 17 + "\", pod=\"pod-" + stream + "\"}";
    }

    /** A line of which a third changes. */
    private static byte[] line(long number) {
        byte[] b = new byte[LINE_BYTES];
        String text = "level=info ts=" + number
                + " caller=handler.go:112 msg=\"request done\" method=GET path=/api/v1/items/"
                + number * 0x9E3779B97F4A7C15L + " status=200 trace=" + Long.toHexString(number * 0xC2B2AE3D27D4EB4FL)
                + " duration=" + number % 977 + "ms bytes=" + number % 65_537 + " user=u" + number % 4099
                + " agent=\"Mozilla/5.0 (X11; Linux x86_64)\" region=eu-west-1";
        byte[] t = text.getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(t, 0, b, 0, Math.min(t.length, b.length));
        for (int i = t.length; i < b.length; i++) {
            b[i] = '.';
        }
        return b;
    }

    /** Lines at a pace, spread over streams in turn; each push carries lines of consecutive streams. */
    private long paced(Target target, long streams, long linesPerSecond) throws Exception {
        int perPush = (int) number("lines-per-push", 2000);
        int perStream = (int) Math.max(1, perPush / streams);
        long pushes = Math.max(1, linesPerSecond * number("seconds", 60) / perPush);
        int groups = perPush / perStream;
        new Sender(target, (int) number("connections", 8), out)
                .run(pushes, (double) linesPerSecond / perPush, groups * perStream, (n, w) -> {
                    long now = System.currentTimeMillis() * 1_000_000;
                    for (int g = 0; g < groups; g++) {
                        w.begin(labels((n * groups + g) % streams));
                        for (int k = 0; k < perStream; k++) {
                            long id = (n * groups + g) * perStream + k;
                            w.entry(now + id % 1_000_000, line(id));
                        }
                        w.end();
                    }
                    return w.finish();
                });
        return pushes * groups * perStream;
    }

    /** Lines at a pace, and rules over them. Needs {@code --launch}, for the CPU time. */
    private long rules(Target target) throws Exception {
        long streams = number("streams", 100);
        long seconds = number("seconds", 120);
        long secondsBefore = number("seconds-before", 30);
        options.put("seconds", Long.toString(secondsBefore + Math.min(30, seconds) + seconds + 1));
        RulesLoad load =
                new RulesLoad(target, out, number("rules", 1000), streams, options.getOrDefault("interval", "1m"));
        FutureTask<Boolean> measured = new FutureTask<>(() -> load.measure(secondsBefore, seconds));
        Thread.ofPlatform().start(measured);
        long sent = paced(target, streams, number("lines-per-second", 1000));
        rulesEvaluated = measured.get();
        return sent;
    }

    /** A day of lines in bodies that each cover a short time, in an order. */
    private long backlog(Target target, String order) throws Exception {
        int perPush = (int) number("lines-per-push", 5000);
        int streams = (int) number("streams", 60);
        int perStream = Math.max(1, perPush / streams);
        int pushes = (int) Math.max(1, number("lines", 3_000_000) / ((long) perStream * streams));
        List<Integer> sequence =
                new ArrayList<>(IntStream.range(0, pushes).boxed().toList());
        switch (order) {
            case "newest-first" -> Collections.reverse(sequence);
            case "oldest-last" -> Collections.rotate(sequence, -pushes / 10);
            case "shuffled" -> Collections.shuffle(sequence, new Random(number("seed", 1)));
            default -> throw new IllegalArgumentException("no order " + order);
        }
        long begin = System.currentTimeMillis() * 1_000_000 - DAY_NANOS + 600_000_000_000L;
        long step = (DAY_NANOS - 900_000_000_000L) / Math.max(1, pushes);
        new Sender(target, (int) number("connections", 4), out).run(pushes, 0, perStream * streams, (n, w) -> {
            int slot = sequence.get((int) n);
            for (int s = 0; s < streams; s++) {
                w.begin(labels(s));
                for (int k = 0; k < perStream; k++) {
                    long id = ((long) slot * streams + s) * perStream + k;
                    w.entry(begin + slot * step + k * (step / perStream), line(id));
                }
                w.end();
            }
            return w.finish();
        });
        return (long) pushes * perStream * streams;
    }

    /** Fills the write-ahead log, kills the process, starts it again, and asks at once. Needs {@code --launch} with a flush that does not come. */
    private long restart(Target target) throws Exception {
        long lines = number("gib", 4) * (1L << 30) / (LINE_BYTES + 20);
        int streams = (int) number("streams", 1000);
        int perStream = Math.max(1, 5000 / streams);
        long pushes = Math.max(1, lines / ((long) perStream * streams));
        long start = System.currentTimeMillis() * 1_000_000;
        Sender.Bodies bodies = (n, w) -> {
            for (int s = 0; s < streams; s++) {
                w.begin(labels(s));
                for (int k = 0; k < perStream; k++) {
                    long id = (n * streams + s) * perStream + k;
                    w.entry(start + id, line(id));
                }
                w.end();
            }
            return w.finish();
        };
        new Sender(target, (int) number("connections", 4), out).run(pushes, 0, perStream * streams, bodies);
        target.kill();
        long begin = System.nanoTime();
        out.println("restarted: ready after " + target.start() + " ms");
        int status = target.push(bodies.body(pushes, new PushBody()));
        out.println("first push answered " + status + " at " + (System.nanoTime() - begin) / 1_000_000
                + " ms after the start");
        return (pushes + (status / 100 == 2 ? 1 : 0)) * perStream * streams;
    }
}
