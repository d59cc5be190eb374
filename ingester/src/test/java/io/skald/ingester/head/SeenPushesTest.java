/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.head;

import static org.assertj.core.api.Assertions.assertThat;

import io.skald.core.disk.Disk;
import io.skald.core.model.TenantId;
import io.skald.ingester.head.SeenPushes.State;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SeenPushesTest {
    private static final long NOW = 1_800_000_000_000L;

    @SuppressWarnings("NullAway.Init") // set by JUnit
    @TempDir
    Path dir;

    private static PushId id(String agent, long epoch, long sequence, int checksum) {
        return new PushId(new TenantId("t"), agent, epoch, sequence, checksum);
    }

    @Test
    void agreesWithASet() throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        SeenPushes seen = SeenPushes.open(Disk.REAL, dir.resolve("seen"));
        Set<Long> model = new HashSet<>();
        for (int n = 0; n < 5000; n++) {
            long s = 1L + random.nextInt(600);
            PushId id = id("a", 7, s, (int) s);
            State state = seen.begin(id);
            assertThat(state).as("seed %d", seed).isEqualTo(model.contains(s) ? State.SEEN : State.NEW);
            seen.done(id);
            if (random.nextInt(3) == 0) {
                seen.add(id, NOW);
                model.add(s);
            }
            if (n % 1000 == 999) {
                seen.save(NOW);
                seen = SeenPushes.open(Disk.REAL, dir.resolve("seen"));
            }
        }
    }

    @Test
    void tellsWhatChangedAndWhatIsBusy() {
        SeenPushes seen = SeenPushes.open(Disk.REAL, dir.resolve("seen"));
        assertThat(seen.begin(id("a", 1, 1, 5))).isEqualTo(State.NEW);
        assertThat(seen.begin(id("a", 1, 1, 5))).isEqualTo(State.BUSY);
        assertThat(seen.begin(id("b", 1, 1, 5))).isEqualTo(State.NEW);
        seen.add(id("a", 1, 1, 5), NOW);
        seen.done(id("a", 1, 1, 5));
        assertThat(seen.begin(id("a", 1, 1, 5))).isEqualTo(State.SEEN);
        assertThat(seen.begin(id("a", 1, 1, 6))).isEqualTo(State.CHANGED);
    }

    @Test
    void forgetsAfterAWeek() throws Exception {
        SeenPushes seen = SeenPushes.open(Disk.REAL, dir.resolve("seen"));
        seen.add(id("old", 1, 1, 5), NOW);
        seen.add(id("new", 1, 1, 5), NOW + 1);
        seen.save(NOW + Duration.ofDays(7).toMillis() + 1);
        assertThat(seen.size()).isEqualTo(1);
        assertThat(SeenPushes.open(Disk.REAL, dir.resolve("seen")).begin(id("new", 1, 1, 5)))
                .isEqualTo(State.SEEN);
    }

    @Test
    void startsEmptyWhenItsFileIsDamaged() throws Exception {
        Path file = dir.resolve("seen");
        SeenPushes seen = SeenPushes.open(Disk.REAL, file);
        seen.add(id("a", 1, 1, 5), NOW);
        seen.save(NOW);
        byte[] good = Files.readAllBytes(file);
        for (int i = 0; i < good.length; i++) {
            byte[] bad = good.clone();
            bad[i] ^= (byte) 4;
            Files.write(file, bad);
            assertThat(SeenPushes.open(Disk.REAL, file).size()).isZero();
        }
    }
}
