/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** 10,000 stack traces of Java, Python, Go and Node, interleaved with twice as many ordinary lines and more, and how well they were joined. */
public final class TraceCorpus {
    public static final int TRACES = 10_000;

    /** What an entry is. */
    private enum Kind {
        JAVA,
        PYTHON,
        GO,
        NODE,
        ORDINARY
    }

    private record Written(Kind kind, String text) {}

    private final List<Written> written = new ArrayList<>();

    public TraceCorpus(long seed) {
        Random r = new Random(seed);
        int traces = 0;
        while (traces < TRACES) {
            if (r.nextInt(3) > 0) {
                written.add(new Written(Kind.ORDINARY, ordinary(r)));
                continue;
            }
            traces++;
            Kind kind = Kind.values()[r.nextInt(4)];
            written.add(new Written(
                    kind,
                    switch (kind) {
                        case JAVA -> java(r);
                        case PYTHON -> python(r);
                        case GO -> go(r);
                        default -> node(r);
                    }));
            // what is indented behind a trace cannot be told from it
            written.add(new Written(Kind.ORDINARY, "2024-05-01 10:00:00,123 INFO  [main] c.e.Shop - next"));
        }
    }

    /** All lines, in their order. */
    public List<String> lines() {
        return written.stream()
                .flatMap(w -> List.of(w.text.split("\n", -1)).stream())
                .toList();
    }

    /**
     * Checks that every line is in one of the entries, in the same order, that at least 99.9 % of the traces are an entry each, and that at most 0.1 %
     * of the ordinary lines are not. Prints the rates.
     */
    public void check(String what, List<String> got) {
        assertThat(got.stream()
                        .flatMap(e -> List.of(e.split("\n", -1)).stream())
                        .toList())
                .as("no line is lost, doubled or moved")
                .isEqualTo(lines());
        Map<Kind, int[]> counts = new EnumMap<>(Kind.class);
        List<String> wrong = new ArrayList<>();
        int line = 0; // where the written entry begins
        int gotLine = 0; // where the entry at hand begins
        int at = 0;
        for (Written w : written) {
            while (gotLine < line) {
                gotLine += lineCount(got.get(at++));
            }
            boolean right = gotLine == line && got.get(at).equals(w.text);
            int[] n = counts.computeIfAbsent(w.kind, k -> new int[2]);
            n[0]++;
            n[1] += right ? 1 : 0;
            if (!right) {
                wrong.add(w.text);
            }
            line += lineCount(w.text);
        }
        int right = 0;
        StringBuilder table = new StringBuilder(what + ":");
        for (Map.Entry<Kind, int[]> e : counts.entrySet()) {
            table.append(" %s %d of %d,".formatted(e.getKey(), e.getValue()[1], e.getValue()[0]));
            right += e.getKey() == Kind.ORDINARY ? 0 : e.getValue()[1];
        }
        int[] ordinary = counts.getOrDefault(Kind.ORDINARY, new int[] {1, 0});
        double joined = (double) right / TRACES;
        double falsely = 1 - (double) ordinary[1] / ordinary[0];
        System.out.println(table + " joined right %.3f %%, false joins %.3f %%".formatted(100 * joined, 100 * falsely));
        assertThat(joined).as("traces that are one entry each; not: " + wrong).isGreaterThanOrEqualTo(0.999);
        assertThat(falsely)
                .as("ordinary lines that are not an entry each: " + wrong)
                .isLessThanOrEqualTo(0.001);
    }

    private static int lineCount(String text) {
        return 1 + (int) text.chars().filter(c -> c == '\n').count();
    }

    private static String ordinary(Random r) {
        return switch (r.nextInt(5)) {
            case 0 -> "2024-05-01 10:00:00,123 INFO  [main] c.e.Shop - order " + r.nextInt(1000) + " taken";
            case 1 -> "{\"level\":\"info\",\"msg\":\"at the end: (x)\",\"n\":" + r.nextInt() + "}";
            case 2 -> "  indented, and no trace";
            case 3 -> "level=debug msg=\"caused by: nobody\" n=" + r.nextInt();
            default -> "127.0.0.1 - - [01/May/2024:10:00:00 +0000] \"GET / HTTP/1.1\" 200 " + r.nextInt(9999);
        };
    }

    private static String java(Random r) {
        StringBuilder b = new StringBuilder(
                switch (r.nextInt(3)) {
                    case 0 -> "Exception in thread \"main\" java.lang.IllegalStateException: boom";
                    case 1 -> "2024-05-01 10:00:00 ERROR [http-1] c.e.Shop - failed\njava.io.IOException: closed";
                    default -> "com.example.Shop$OrderException: no such order";
                });
        frames(b, r);
        if (r.nextBoolean()) {
            b.append("\nCaused by: java.lang.NullPointerException: x is null");
            frames(b, r);
            b.append("\n\t... ").append(1 + r.nextInt(40)).append(" more");
        }
        return b.toString();
    }

    private static void frames(StringBuilder b, Random r) {
        for (int i = r.nextInt(20); i >= 0; i--) {
            b.append("\n\tat com.example.Shop.order(Shop.java:")
                    .append(r.nextInt(900))
                    .append(')');
        }
    }

    private static String python(Random r) {
        StringBuilder b = new StringBuilder(
                r.nextBoolean()
                        ? "ERROR:root:it failed\nTraceback (most recent call last):"
                        : "Traceback (most recent call last):");
        for (int i = r.nextInt(8); i >= 0; i--) {
            b.append("\n  File \"/app/main.py\", line ").append(r.nextInt(90)).append(", in main\n    call()");
        }
        b.append("\nValueError: bad value");
        if (r.nextInt(3) == 0) {
            b.append(
                    "\n\nDuring handling of the above exception, another exception occurred:\n\nTraceback (most recent call last):");
            b.append("\n  File \"/app/main.py\", line 3, in main\n    call()\nKeyError: 'x'");
        }
        return b.toString();
    }

    private static String go(Random r) {
        StringBuilder b = new StringBuilder(
                r.nextBoolean()
                        ? "panic: runtime error: invalid memory address or nil pointer dereference\n[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x48]"
                        : "panic: boom");
        for (int g = r.nextInt(3); g >= 0; g--) {
            b.append("\n\ngoroutine ").append(1 + r.nextInt(90)).append(" [running]:");
            for (int i = r.nextInt(8); i >= 0; i--) {
                b.append("\nmain.(*Shop).order(0xc000, {0x1, 0x2})\n\t/app/main.go:")
                        .append(r.nextInt(90))
                        .append(" +0x1d");
            }
            b.append("\ncreated by main.main in goroutine 1\n\t/app/main.go:9 +0x2b");
        }
        return b.append("\nexit status 2").toString();
    }

    private static String node(Random r) {
        StringBuilder b = new StringBuilder(
                r.nextBoolean()
                        ? "/app/index.js:10\n    throw new Error('boom');\n    ^\n\nError: boom"
                        : "TypeError: Cannot read properties of undefined (reading 'x')");
        for (int i = r.nextInt(8); i >= 0; i--) {
            b.append("\n    at Object.order (/app/index.js:")
                    .append(r.nextInt(90))
                    .append(":5)");
        }
        return b.toString();
    }
}
