/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.zip.CRC32C;

/**
 * Reads mutated bytes for a while: a tenth of a second, or {@code -Dskald.fuzzSeconds}. Whatever they are, a reader takes or refuses them, soon and
 * within its memory, and does nothing else. A failure names the seed, with which {@code -Dskald.fuzzSeed} begins.
 * {@code -Dskald.fuzzFormats=outbox,positions} leaves out all others.
 */
public final class FormatFuzz {
    private static final System.Logger LOG = System.getLogger("fuzz");
    /** Of what is read: every run would have something to report. */
    private static final Logger QUIET = Logger.getLogger("io.skald");

    private static final double SECONDS = Double.parseDouble(System.getProperty("skald.fuzzSeconds", "0.1"));
    private static final String ONLY = System.getProperty("skald.fuzzFormats", "");
    /** Of this thread: the machine may be busy with other things. */
    private static final long SLOW_NANOS = 10_000_000_000L;

    /** What is fuzzed. */
    public interface Target {
        /** Bytes as they are written. */
        byte[] good() throws Exception;

        /** Those bytes with changes, under checksums that are right, so that what lies behind them is reached. */
        byte[] mutated(byte[] good, Random random) throws Exception;

        /** Reads all there is. */
        void read(byte[] bytes) throws Exception;

        /** Whether a failure is how bytes are refused. */
        boolean refusal(Exception e);

        /** What reading a file of that length may allocate at most, bytes. */
        default long mostAllocated(int length) {
            return (32L << 20) + 100L * length;
        }
    }

    private FormatFuzz() {}

    /** Reads mutated bytes until the time is over. */
    public static void run(String name, Target target) throws Exception {
        if (!ONLY.isEmpty() && !List.of(ONLY.split(",")).contains(name)) {
            return;
        }
        Level before = QUIET.getLevel();
        QUIET.setLevel(Level.OFF);
        try {
            loop(name, target);
        } finally {
            QUIET.setLevel(before);
        }
    }

    private static void loop(String name, Target target) throws Exception {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        byte[] good = target.good();
        target.read(good);
        long begin = System.nanoTime();
        long seed = Long.getLong("skald.fuzzSeed", begin);
        long runs = 0;
        long refused = 0;
        for (; System.nanoTime() - begin < SECONDS * 1e9; seed++) {
            String what = name + ", seed " + seed;
            byte[] bad = target.mutated(good, new Random(seed));
            long before = threads.getCurrentThreadAllocatedBytes();
            long start = threads.getCurrentThreadCpuTime();
            try {
                target.read(bad);
            } catch (Exception e) {
                if (!target.refusal(e)) {
                    throw new AssertionError(what, e);
                }
                refused++;
            } catch (Error e) {
                throw new AssertionError(what, e);
            }
            runs++;
            assertThat(threads.getCurrentThreadCpuTime() - start).as(what).isLessThan(SLOW_NANOS);
            // the first run loads classes
            assertThat(threads.getCurrentThreadAllocatedBytes() - before)
                    .as(what + ", bytes allocated for " + bad.length)
                    .isLessThan(target.mostAllocated(bad.length) + (runs == 1 ? 64 << 20 : 0));
        }
        LOG.log(System.Logger.Level.INFO, "{0}: {1} runs, {2} refused, {3} s", name, runs, refused, SECONDS);
    }

    /** Bytes with a few changes, and perhaps another length. */
    public static byte[] mutate(byte[] good, Random random) {
        byte[] bad = good.clone();
        if (random.nextInt(8) == 0) {
            bad = Arrays.copyOf(good, random.nextInt(good.length + 20));
        }
        for (int n = 1 + random.nextInt(4); n > 0 && bad.length > 0; n--) {
            int at = random.nextInt(bad.length);
            switch (random.nextInt(5)) {
                case 0 -> bad[at] ^= (byte) (1 << random.nextInt(8));
                case 1 -> bad[at] = (byte) random.nextInt(256);
                case 2 -> bad[at] = -1;
                case 3 -> Arrays.fill(bad, at, Math.min(bad.length, at + random.nextInt(9)), (byte) -random.nextInt(2));
                default -> {
                    int length = Math.min(random.nextInt(12), bad.length - at);
                    System.arraycopy(bad, random.nextInt(bad.length - length + 1), bad, at, length);
                }
            }
        }
        return bad;
    }

    /** The crc32c of a range. */
    public static int crc(byte[] b, int from, int to) {
        CRC32C crc = new CRC32C();
        crc.update(b, from, to - from);
        return (int) crc.getValue();
    }
}
