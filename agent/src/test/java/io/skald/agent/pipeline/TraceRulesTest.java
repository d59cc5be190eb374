/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.skald.agent.spool.FileState.Format;
import io.skald.core.model.Labels;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Stack traces among ordinary lines: 10,000 of them, at least 99.9 % whole, and hardly a line that does not belong to one. */
class TraceRulesTest {
    private static final int TRACES = 10_000;

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

    @Test
    void tenThousandTraces() {
        Random r = new Random(7);
        List<String> expected = new ArrayList<>();
        int traces = 0;
        while (traces < TRACES) {
            if (r.nextInt(3) > 0) {
                expected.add(ordinary(r));
                continue;
            }
            traces++;
            expected.add(
                    switch (r.nextInt(4)) {
                        case 0 -> java(r);
                        case 1 -> python(r);
                        case 2 -> go(r);
                        default -> node(r);
                    });
            // what is indented behind a trace cannot be told from it
            expected.add("2024-05-01 10:00:00,123 INFO  [main] c.e.Shop - next");
        }
        List<String> got = new ArrayList<>();
        Pipeline p = JobPipeline.PLAIN.open(Format.PLAIN, e -> got.add(e.text()));
        long order = 0;
        for (String entry : expected) {
            for (String line : entry.split("\n", -1)) {
                byte[] b = line.getBytes(StandardCharsets.UTF_8);
                p.process(new LogEntry(Labels.EMPTY, Labels.EMPTY, order++, 1, b, 0, b.length));
            }
        }
        p.flush(Long.MAX_VALUE, true);
        java.util.Map<String, Integer> left = new java.util.HashMap<>();
        expected.forEach(e -> left.merge(e, 1, Integer::sum));
        List<String> wrong = new ArrayList<>();
        for (String e : got) {
            if (left.merge(e, -1, Integer::sum) < 0) {
                wrong.add(e);
            }
        }
        assertThat(wrong).as("entries that were not written like that, seed 7").hasSizeLessThan(expected.size() / 1000);
        assertThat(got.size()).isBetween(expected.size() * 999 / 1000, expected.size() * 1001 / 1000);
    }
}
