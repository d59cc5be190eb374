/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.receive;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;

/**
 * Reads the lines of a stream that nobody can read again, and holds them until somebody has taken them: one reader for the life of the process,
 * however often the configuration is read again. Thread-safe; one taker at a time.
 */
final class StdinLines {
    static final int MAX_LINE_BYTES = 1 << 20;
    private static final int MAX_BATCHES = 16;
    private static final int MAX_LINES = 1000;
    private static final int MAX_BYTES = 1 << 20;

    /**
     * Lines that came together.
     *
     * @param end whether there are no more; of such there are no lines
     * @param failure why there are no more, or an empty text
     */
    record Batch(List<byte[]> lines, boolean end, String failure) {
        Batch {
            lines = List.copyOf(lines);
        }
    }

    private static final class Standard {
        static final StdinLines IN = new StdinLines(System.in);
    }

    private final InputStream in;
    private final Deque<Batch> batches = new ArrayDeque<>();

    StdinLines(InputStream in) {
        this.in = new BufferedInputStream(in, 1 << 16);
        Thread.ofPlatform().daemon().name("skald-agent-stdin").start(this::run);
    }

    /** Those of the process, read from the first call on. */
    static StdinLines system() {
        return Standard.IN;
    }

    private void run() {
        try {
            try {
                read();
                put(new Batch(List.of(), true, ""));
            } catch (IOException e) {
                put(new Batch(List.of(), true, "cannot read standard input: " + e));
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException("nobody interrupts this thread", e);
        }
    }

    private void read() throws IOException, InterruptedException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        List<byte[]> lines = new ArrayList<>();
        int bytes = 0;
        int c;
        while ((c = in.read()) >= 0) {
            if (c != '\n') {
                line.write(c);
            }
            if (c == '\n' || line.size() >= MAX_LINE_BYTES) {
                bytes += line.size();
                lines.add(line(line));
                if (in.available() == 0 || lines.size() >= MAX_LINES || bytes >= MAX_BYTES) {
                    put(new Batch(lines, false, ""));
                    lines = new ArrayList<>();
                    bytes = 0;
                }
            }
        }
        if (line.size() > 0) {
            lines.add(line(line));
        }
        if (!lines.isEmpty()) {
            put(new Batch(lines, false, ""));
        }
    }

    private static byte[] line(ByteArrayOutputStream line) {
        byte[] b = line.toByteArray();
        line.reset();
        boolean windows = b.length > 0 && b[b.length - 1] == '\r';
        return windows ? Arrays.copyOf(b, b.length - 1) : b;
    }

    private synchronized void put(Batch b) throws InterruptedException {
        while (batches.size() >= MAX_BATCHES) {
            wait();
        }
        batches.add(b);
        notifyAll();
    }

    /** Waits for the next lines. They come again until {@link #taken}; the end comes again and again. */
    synchronized Batch next() throws InterruptedException {
        while (batches.isEmpty()) {
            wait();
        }
        return batches.getFirst();
    }

    /** Lets go of what {@link #next} gave, which is not the end. */
    synchronized void taken() {
        batches.removeFirst();
        notifyAll();
    }
}
