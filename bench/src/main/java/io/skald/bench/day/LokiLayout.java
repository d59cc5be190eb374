/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.bench.day;

import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.zip.Deflater;

/**
 * What the same lines become where each stream has chunks of its own, an object each: cut when a chunk has 1.5 MiB compressed, is two hours old, or
 * its stream has been silent for half an hour, which are the defaults of Loki. Compression is measured on a part of the lines, in blocks of 256
 * KiB with gzip at its default level. One copy: with a replication factor of three there are up to three times as many.
 */
final class LokiLayout {
    private static final long TARGET_BYTES = 1_572_864;
    private static final long MAX_AGE_MINUTES = 120;
    private static final long IDLE_MINUTES = 30;
    private static final int BLOCK = 256 << 10;
    private static final int SAMPLE_EVERY = 12;

    private static final class Chunk {
        long rawBytes;
        long sinceMinute;
        long lastMinute;
        int sampled;
        long lastNanos;
        long sampledLines;
        byte[] sample = new byte[BLOCK];
    }

    private final Map<Labels, Chunk> open = new HashMap<>();
    private final Deflater gzip = new Deflater();
    private final byte[] out = new byte[BLOCK * 2];
    private double ratio = 0.25;
    private long sampledRaw;
    private long sampledCompressed;
    private int full;
    long objects;
    long rawBytes;

    void add(EntryBatch b, long minute) {
        if (b.size() == 0) {
            return;
        }
        Chunk c = open.computeIfAbsent(b.labels(), l -> new Chunk());
        if (c.rawBytes == 0) {
            c.sinceMinute = minute;
        }
        c.lastMinute = minute;
        c.rawBytes += b.lineBytes();
        rawBytes += b.lineBytes();
        sample(c, b);
        if (c.rawBytes * ratio >= TARGET_BYTES || minute - c.sinceMinute >= MAX_AGE_MINUTES) {
            cut(c);
        }
    }

    private void sample(Chunk c, EntryBatch b) {
        for (int i = 0; i < b.size(); i++) {
            // with the time, as a difference of a few bytes
            long delta = b.timestampNanos(i) - c.lastNanos;
            c.lastNanos = b.timestampNanos(i);
            while (c.sampled < BLOCK && (delta & ~0x7fL) != 0) {
                c.sample[c.sampled++] = (byte) (delta | 0x80);
                delta >>>= 7;
            }
            int n = Math.min(b.length(i), BLOCK - c.sampled);
            System.arraycopy(b.buffer(i), b.offset(i), c.sample, c.sampled, n);
            c.sampled += n;
            c.sampledLines += n;
            if (c.sampled == BLOCK) {
                if (full++ % SAMPLE_EVERY == 0) {
                    gzip.reset();
                    gzip.setInput(c.sample, 0, BLOCK);
                    gzip.finish();
                    sampledRaw += c.sampledLines;
                    sampledCompressed += gzip.deflate(out);
                    ratio = sampledCompressed / (double) sampledRaw;
                }
                c.sampled = 0;
                c.sampledLines = 0;
            }
        }
    }

    private void cut(Chunk c) {
        if (c.rawBytes > 0) {
            objects++;
            c.rawBytes = 0;
        }
    }

    /** Cuts what has been silent for long. */
    void idle(long minute) {
        for (Iterator<Chunk> i = open.values().iterator(); i.hasNext(); ) {
            Chunk c = i.next();
            if (minute - c.lastMinute >= IDLE_MINUTES) {
                cut(c);
                i.remove();
            }
        }
    }

    void end() {
        open.values().forEach(this::cut);
        open.clear();
    }

    /** Compressed bytes of a byte of lines. */
    double ratio() {
        return ratio;
    }
}
