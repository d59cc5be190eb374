/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.record;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.skald.core.block.Checksum;
import io.skald.core.model.TenantId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Damage in what waits for remote write loses what is damaged, and never keeps rules from starting: {@code -Dskald.fuzzSeconds=600} for each file. */
class WriteQueueFuzzTest {
    private static final double SECONDS = Double.parseDouble(System.getProperty("skald.fuzzSeconds", "0.1"));
    private static final Logger QUIET = Logger.getLogger("io.skald");

    @ParameterizedTest
    @ValueSource(strings = {"000000000001.queue", "position"})
    void whateverTheBytes(String file, @TempDir Path dir) throws Exception {
        Path changed = dir.resolve(file);
        try (WriteQueue q = WriteQueue.open(dir, 1 << 20, 1 << 20)) {
            for (int i = 0; i < 8; i++) {
                q.add(i, new TenantId("t" + i / 3), ("message " + i).getBytes(UTF_8));
            }
            q.done(q.peek(1).getFirst());
        }
        byte[] good = Files.readAllBytes(changed);
        byte[] position = Files.readAllBytes(dir.resolve("position"));
        byte[] queue = Files.readAllBytes(dir.resolve("000000000001.queue"));
        Level before = QUIET.getLevel();
        QUIET.setLevel(Level.OFF);
        try {
            long begin = System.nanoTime();
            for (long seed = begin; System.nanoTime() - begin < SECONDS * 1e9; seed++) {
                Random random = new Random(seed);
                byte[] bad = random.nextInt(6) == 0
                        ? java.util.Arrays.copyOf(good, random.nextInt(good.length + 20))
                        : good.clone();
                for (int n = random.nextInt(5); n >= 0 && bad.length > 0; n--) {
                    bad[random.nextInt(bad.length)] =
                            (byte) (random.nextBoolean() ? random.nextInt(256) : '0' + random.nextInt(10));
                }
                Files.write(dir.resolve("position"), position);
                Files.write(dir.resolve("000000000001.queue"), queue);
                Files.write(changed, file.equals("position") ? bad : summed(bad));
                assertThat(read(dir)).as("seed " + seed).hasSizeBetween(1, 9);
            }
        } finally {
            QUIET.setLevel(before);
        }
    }

    /** All that is sent, with what is added now: that must arrive. */
    private static List<WriteQueue.Item> read(Path dir) throws IOException {
        List<WriteQueue.Item> out = new ArrayList<>();
        try (WriteQueue q = WriteQueue.open(dir, 1 << 20, 1 << 20)) {
            q.add(99, new TenantId("new"), new byte[] {1});
            for (List<WriteQueue.Item> some = q.peek(100); !some.isEmpty(); some = q.peek(100)) {
                out.addAll(some);
                q.done(some.getLast());
            }
            assertThat(out.getLast().millis()).isEqualTo(99);
            assertThat(q.bytes()).isZero();
        }
        try (var files = Files.list(dir)) {
            for (Path p : files.toList()) {
                Files.delete(p);
            }
        }
        return out;
    }

    /** Records with right checksums, as far as their lengths say where they are. */
    private static byte[] summed(byte[] bytes) {
        ByteBuffer b = ByteBuffer.wrap(bytes);
        for (int at = 0; at + 8 <= bytes.length; ) {
            int length = b.getInt(at);
            if (length < 0 || length > bytes.length - at - 8) {
                break;
            }
            b.putInt(at + 4, Checksum.of(bytes, at + 8, length));
            at += 8 + length;
        }
        return bytes;
    }
}
