/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.skald.core.model.TenantId;
import io.skald.storage.memory.MemoryIndexStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class StoreLeasesTest {
    private static final Duration TTL = Duration.ofSeconds(10);
    private final MemoryIndexStore store = new MemoryIndexStore();
    private final AtomicLong clock = new AtomicLong();
    private final List<GroupKey> groups = new ArrayList<>();

    private StoreLeases leases(String name, long skewNanos) {
        return new StoreLeases(store, name, TTL, () -> clock.get() + skewNanos);
    }

    private void pass(double seconds) {
        clock.addAndGet((long) (seconds * 1e9));
    }

    @Test
    void oneTakesAllAndGivesHalfToAnother() throws Exception {
        addGroups(100);
        StoreLeases a = leases("a", 0);
        StoreLeases b = leases("b", 1L << 50);
        a.beat(groups);
        assertThat(groups).allMatch(a::holds);
        for (int i = 0; i < 4; i++) {
            pass(2.5);
            b.beat(groups);
            a.beat(groups);
            assertThat(groups).noneMatch(g -> a.holds(g) && b.holds(g));
        }
        assertThat(groups).allMatch(g -> a.holds(g) || b.holds(g));
        assertThat(groups.stream().filter(a::holds).count()).isBetween(25L, 75L);
    }

    @Test
    void whoDoesNotBeatLosesEverythingAndOthersTakeIt() throws Exception {
        addGroups(10);
        StoreLeases a = leases("a", 0);
        StoreLeases b = leases("b", 12345);
        a.beat(groups);
        b.beat(groups);
        a.beat(groups);
        b.beat(groups);
        double untilTaken = 0;
        while (!groups.stream().allMatch(b::holds)) {
            pass(2.5);
            untilTaken += 2.5;
            b.beat(groups);
            assertThat(groups).noneMatch(g -> a.holds(g) && b.holds(g));
            assertThat(untilTaken).isLessThanOrEqualTo(12.5);
        }
        // back again, under a new name: it does not believe what it held
        a.beat(groups);
        assertThat(groups).noneMatch(g -> a.holds(g) && b.holds(g));
        for (int i = 0; i < 3; i++) {
            b.beat(groups);
            a.beat(groups);
        }
        assertThat(groups).allMatch(g -> a.holds(g) != b.holds(g));
        assertThat(groups).anyMatch(a::holds);
    }

    @Test
    void whoLeavesIsReplacedAtOnce() throws Exception {
        addGroups(10);
        StoreLeases a = leases("a", 0);
        StoreLeases b = leases("b", 0);
        a.beat(groups);
        b.beat(groups);
        a.release();
        b.beat(groups);
        assertThat(groups).allMatch(b::holds).noneMatch(a::holds);
    }

    /** Whatever beats and pauses come, no group is ever held twice, and once all is calm each is held. */
    @Test
    void neverTwo() throws Exception {
        addGroups(20);
        long seed = System.nanoTime();
        Random random = new Random(seed);
        List<StoreLeases> all = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            all.add(leases("e" + i, random.nextLong(1L << 40)));
        }
        for (int step = 0; step < 500; step++) {
            pass(random.nextDouble() * 2);
            StoreLeases one = all.get(random.nextInt(random.nextBoolean() ? 1 : 4));
            if (random.nextInt(40) == 0) {
                one.release();
            } else {
                one.beat(groups);
            }
            for (GroupKey g : groups) {
                assertThat(all.stream().filter(l -> l.holds(g)).count())
                        .as("seed %d step %d", seed, step)
                        .isLessThanOrEqualTo(1);
            }
        }
        for (int i = 0; i < 20; i++) {
            pass(2);
            for (StoreLeases l : all) {
                l.beat(groups);
            }
        }
        for (GroupKey g : groups) {
            assertThat(all.stream().filter(l -> l.holds(g)).count())
                    .as("seed %d", seed)
                    .isEqualTo(1);
        }
    }

    private void addGroups(int n) {
        for (int i = 0; i < n; i++) {
            groups.add(new GroupKey(TenantId.DEFAULT, "ns", "g" + i));
        }
    }
}
