/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.receive;

import io.skald.core.model.Labels;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * Reads the output of a container with times: frames of eight bytes (1 or 2 for the stream, three unused, a length) and what follows, or, from a
 * terminal, lines. The daemon cuts a line after 16 KiB; its parts, each with a time, are put together. Confined to one thread.
 */
final class DockerFrames {
    static final int MAX_LINE_BYTES = 1 << 20;
    private static final int BATCH = 500;

    /** Takes entries. */
    @FunctionalInterface
    interface Sink {
        /** @param last from when on there is more, as the daemon wants it */
        void take(List<Received> batch, String last) throws InterruptedException;
    }

    private final DataInputStream in;
    private final boolean terminal;
    private final List<Map<String, String>> labels = new ArrayList<>();
    /** Of each stream, the parts of a line that has not ended. */
    private final ByteArrayOutputStream[] parts = {new ByteArrayOutputStream(), new ByteArrayOutputStream()};

    private final Instant[] times = {Instant.EPOCH, Instant.EPOCH};
    private List<Received> batch = new ArrayList<>();
    private Instant next = Instant.EPOCH;

    /** @param terminal whether there are no frames */
    DockerFrames(DataInputStream in, boolean terminal, Map<String, String> of) {
        this.in = in;
        this.terminal = terminal;
        for (String stream : List.of("stdout", "stderr")) {
            Map<String, String> all = new TreeMap<>(of);
            all.put("__meta_docker_container_log_stream", stream);
            labels.add(Map.copyOf(all));
        }
    }

    /** Reads to the end, which a container comes to when it stops. */
    void read(Sink sink) throws IOException, InterruptedException {
        try {
            while (true) {
                if (terminal) {
                    line();
                } else {
                    frame();
                }
                if (in.available() == 0 || batch.size() >= BATCH) {
                    give(sink);
                }
            }
        } catch (EOFException e) {
            for (int stream = 0; stream < 2; stream++) {
                if (parts[stream].size() > 0) {
                    end(stream);
                }
            }
            give(sink);
            throw e;
        }
    }

    private void give(Sink sink) throws InterruptedException {
        if (!batch.isEmpty()) {
            sink.take(batch, from());
            batch = new ArrayList<>();
        }
    }

    /** From when on there is more; a line that has not ended is read again. */
    private String from() {
        Instant at = next;
        for (int stream = 0; stream < 2; stream++) {
            if (parts[stream].size() > 0 && times[stream].isBefore(at)) {
                at = times[stream];
            }
        }
        return String.format(Locale.ROOT, "%d.%09d", at.getEpochSecond(), at.getNano());
    }

    private void frame() throws IOException {
        int kind = in.readUnsignedByte();
        in.skipNBytes(3);
        int length = in.readInt();
        if (kind > 2 || length < 0 || length > MAX_LINE_BYTES) {
            throw new IOException("frame of kind " + kind + " and " + length + " bytes");
        }
        byte[] b = new byte[length];
        in.readFully(b);
        part(kind == 2 ? 1 : 0, b);
    }

    private void line() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        int c;
        while ((c = in.read()) != '\n' && line.size() < MAX_LINE_BYTES) {
            if (c < 0) {
                if (line.size() > 0) {
                    part(0, line.toByteArray());
                }
                throw new EOFException("the container has stopped");
            }
            line.write(c);
        }
        line.write('\n');
        part(0, line.toByteArray());
    }

    private void part(int stream, byte[] b) {
        int from = 0;
        while (from < b.length && b[from] != ' ' && b[from] != '\n') {
            from++;
        }
        boolean first = parts[stream].size() == 0;
        try {
            Instant t = Instant.parse(new String(b, 0, from, StandardCharsets.US_ASCII));
            if (first) {
                times[stream] = t;
            }
            // the next entry is a nanosecond later at the earliest
            next = t.plusNanos(1);
            from = Math.min(from + (from < b.length && b[from] == ' ' ? 1 : 0), b.length);
        } catch (DateTimeException e) {
            from = 0; // a part without a time is text from its first byte on
        }
        parts[stream].write(b, from, b.length - from);
        if (b.length > 0 && b[b.length - 1] == '\n' || parts[stream].size() > MAX_LINE_BYTES) {
            end(stream);
        }
    }

    private void end(int stream) {
        byte[] b = parts[stream].toByteArray();
        parts[stream].reset();
        int n = b.length;
        while (n > 0 && (b[n - 1] == '\n' || b[n - 1] == '\r')) {
            n--;
        }
        Instant t = times[stream];
        long nanos = t.getEpochSecond() * 1_000_000_000 + t.getNano();
        batch.add(new Received(labels.get(stream), nanos, java.util.Arrays.copyOf(b, n), Labels.EMPTY, null));
    }
}
