/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.bench;

import io.skald.core.block.ByteSink;
import io.skald.core.block.Zstandard;
import io.skald.core.model.StoreException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.stream.Stream;

/** What the machine can do at best, measured in the same run, so that figures of two machines can be compared. */
final class MachineLimits {
    private static final int BLOCK = 256 << 10;
    private static final int ROUNDS = 5;

    private MachineLimits() {}

    private interface Work {
        void run() throws StoreException;
    }

    /** Best of some rounds, bytes per nanosecond, which is GB/s. */
    private static double best(long bytes, Work work) throws StoreException {
        double best = 0;
        for (int i = 0; i < ROUNDS; i++) {
            long begin = System.nanoTime();
            work.run();
            best = Math.max(best, (double) bytes / (System.nanoTime() - begin));
        }
        return best;
    }

    /** Processor, memory, system and Java, as far as they are known. */
    static String describe() {
        return first("/proc/cpuinfo", "model name") + ", " + first("/proc/meminfo", "MemTotal") + ", "
                + System.getProperty("os.name") + " " + System.getProperty("os.version") + ", Java "
                + System.getProperty("java.version");
    }

    private static String first(String file, String key) {
        try (Stream<String> lines = Files.lines(Path.of(file))) {
            return lines.filter(l -> l.startsWith(key) && l.contains(":"))
                    .map(l -> l.substring(l.indexOf(':') + 1).strip())
                    .findFirst()
                    .orElse("unknown " + key);
        } catch (IOException | UncheckedIOException e) {
            // not Linux
            return "unknown " + key;
        }
    }

    /** Copying memory, one core, GB/s. */
    static double copy(byte[] sample) throws StoreException {
        byte[] to = new byte[sample.length];
        return best(sample.length, () -> System.arraycopy(sample, 0, to, 0, sample.length));
    }

    /** Decompressing lines, Zstandard level 1 in blocks of 256 KiB, one core, GB/s of lines. */
    static double decompress(byte[] sample) throws StoreException {
        int n = sample.length / BLOCK;
        byte[][] packed = new byte[n][];
        for (int i = 0; i < n; i++) {
            ByteSink out = new ByteSink(BLOCK);
            int size = Zstandard.compress(sample, i * BLOCK, BLOCK, 1, out);
            packed[i] = Arrays.copyOf(out.array(), size);
        }
        byte[] to = new byte[BLOCK];
        return best((long) n * BLOCK, () -> {
            for (byte[] p : packed) {
                Zstandard.decompress(p, 0, p.length, to, 0, BLOCK, "sample", 0);
            }
        });
    }

    /** Median and 99th percentile of an fsync after a write of 4 KiB at the end of a file, ms. */
    static double[] fsync(Path directory) {
        try {
            Path file = Files.createTempFile(directory, "bench", ".tmp");
            double[] millis = new double[200];
            try (FileChannel c = FileChannel.open(file, StandardOpenOption.WRITE)) {
                for (int i = 0; i < millis.length; i++) {
                    long begin = System.nanoTime();
                    c.write(ByteBuffer.allocate(4096), 4096L * i);
                    c.force(false);
                    millis[i] = (System.nanoTime() - begin) / 1e6;
                }
            } finally {
                Files.delete(file);
            }
            Arrays.sort(millis);
            return new double[] {millis[millis.length / 2], millis[millis.length * 99 / 100]};
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
