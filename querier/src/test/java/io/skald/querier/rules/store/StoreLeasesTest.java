/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.storage.IndexStore;
import io.skald.storage.memory.MemoryIndexStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class StoreLeasesTest {
    /** Half of it is the time to live, and a quarter of that a beat. */
    private static final Duration INTERVAL = Duration.ofSeconds(20);

    private final MemoryIndexStore store = new MemoryIndexStore();
    private final AtomicLong clock = new AtomicLong();
    private final Set<GroupKey> groups = new TreeSet<>();
    private final Set<GroupKey> busy = new TreeSet<>();

    private StoreLeases leases(String name, long skewNanos) {
        return new StoreLeases(store, name, () -> "http://" + name, () -> clock.get() + skewNanos);
    }

    private void beat(StoreLeases l) throws StoreException {
        l.beat(groups, INTERVAL, busy::contains);
    }

    private void pass(double seconds) {
        clock.addAndGet((long) (seconds * 1e9));
    }

    @Test
    void oneTakesAllAndGivesHalfToAnother() throws Exception {
        addGroups(100);
        StoreLeases a = leases("a", 0);
        StoreLeases b = leases("b", 1L << 50);
        beat(a);
        assertThat(groups).allMatch(a::holds);
        for (int i = 0; i < 4; i++) {
            pass(2.5);
            beat(b);
            beat(a);
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
        beat(a);
        beat(b);
        beat(a);
        beat(b);
        double untilTaken = 0;
        while (!groups.stream().allMatch(b::holds)) {
            pass(2.5);
            untilTaken += 2.5;
            beat(b);
            assertThat(groups).noneMatch(g -> a.holds(g) && b.holds(g));
            assertThat(untilTaken).isLessThanOrEqualTo(12.5);
        }
        // back again, under a new name: it does not believe what it held
        beat(a);
        assertThat(groups).noneMatch(g -> a.holds(g) && b.holds(g));
        for (int i = 0; i < 3; i++) {
            beat(b);
            beat(a);
        }
        assertThat(groups).allMatch(g -> a.holds(g) != b.holds(g));
        assertThat(groups).anyMatch(a::holds);
    }

    @Test
    void whoLeavesIsReplacedAtOnce() throws Exception {
        addGroups(10);
        StoreLeases a = leases("a", 0);
        StoreLeases b = leases("b", 0);
        beat(a);
        beat(b);
        a.release();
        beat(b);
        assertThat(groups).allMatch(b::holds).noneMatch(a::holds);
    }

    /** With a group of 1 s one beat is 125 ms, whoever knows of that group; who beats for longer ones is not held for dead. */
    @Test
    void shortIntervalsMakeShortLeases() throws Exception {
        addGroups(10);
        StoreLeases slow = leases("slow", 0);
        StoreLeases quick = leases("quick", 0);
        beat(slow);
        quick.beat(groups, Duration.ofSeconds(1), g -> false);
        beat(slow);
        quick.beat(groups, Duration.ofSeconds(1), g -> false);
        assertThat(slow.beatNanos()).isEqualTo(2_500_000_000L);
        assertThat(quick.beatNanos()).isEqualTo(125_000_000L);
        for (int i = 0; i < 8; i++) {
            pass(0.125);
            quick.beat(groups, Duration.ofSeconds(1), g -> false);
        }
        assertThat(groups).allMatch(g -> slow.holds(g) != quick.holds(g)).anyMatch(slow::holds);
        double untilTaken = 0;
        while (!groups.stream().allMatch(slow::holds)) {
            pass(0.125);
            untilTaken += 0.125;
            slow.beat(groups, Duration.ofSeconds(1), g -> false);
            assertThat(groups).noneMatch(g -> slow.holds(g) && quick.holds(g));
        }
        assertThat(untilTaken).isLessThanOrEqualTo(0.75);
        assertThat(slow.others()).isEmpty();
    }

    @Test
    void aGroupThatIsEvaluatedIsGivenUpWhenThatIsDone() throws Exception {
        addGroups(10);
        StoreLeases a = leases("a", 0);
        StoreLeases b = leases("b", 0);
        beat(a);
        busy.addAll(groups);
        for (int i = 0; i < 5; i++) {
            pass(2.5);
            beat(b);
            beat(a);
            assertThat(groups).allMatch(a::holds).noneMatch(b::holds).anyMatch(g -> !a.mayBegin(g));
        }
        busy.clear();
        beat(a);
        beat(b);
        assertThat(groups).allMatch(g -> a.mayBegin(g) != b.mayBegin(g)).anyMatch(b::holds);
        assertThat(a.others()).containsExactly("http://b");
        assertThat(b.others()).containsExactly("http://a");
    }

    /** A beat whose answer is late was outrun by another: it must not bring back what was lost. */
    @Test
    void aBeatThatComesTooLateLosesEverything() throws Exception {
        addGroups(4);
        StoreLeases b = leases("b", 0);
        AtomicBoolean stalls = new AtomicBoolean();
        StoreLeases a = new StoreLeases(store, "a", () -> "", () -> {
            if (stalls.getAndSet(false)) {
                // it looks at the clock, then waits, and another finds it dead
                long before = clock.get();
                for (int i = 0; i < 6; i++) {
                    pass(2.5);
                    beatUnchecked(b);
                }
                return before;
            }
            return clock.get();
        });
        beat(a);
        beat(b);
        pass(2.5);
        stalls.set(true);
        beat(a);
        for (int i = 0; i < 4; i++) {
            assertThat(groups).noneMatch(g -> a.holds(g) && b.holds(g));
            beat(b);
            beat(a);
        }
        assertThat(groups).allMatch(g -> a.holds(g) != b.holds(g));
    }

    private void beatUnchecked(StoreLeases l) {
        try {
            beat(l);
        } catch (StoreException e) {
            throw new IllegalStateException(e);
        }
    }

    /** While nothing changes every second beat writes one record, and none of groups. */
    @Test
    void calmBeatsWriteOneRecord() throws Exception {
        addGroups(1000);
        AtomicInteger writes = new AtomicInteger();
        AtomicInteger reads = new AtomicInteger();
        IndexStore counted = (IndexStore) java.lang.reflect.Proxy.newProxyInstance(
                IndexStore.class.getClassLoader(), new Class<?>[] {IndexStore.class}, (p, m, args) -> {
                    (m.getName().equals("compareAndPut") ? writes : reads).incrementAndGet();
                    return m.invoke(store, args);
                });
        StoreLeases a = new StoreLeases(counted, "a", () -> "", clock::get);
        StoreLeases b = leases("b", 0);
        for (int i = 0; i < 6; i++) {
            pass(2.5);
            beat(a);
            beat(b);
        }
        assertThat(groups).allMatch(g -> a.holds(g) != b.holds(g));
        writes.set(0);
        reads.set(0);
        for (int i = 0; i < 10; i++) {
            pass(2.5);
            beat(a);
            beat(b);
        }
        assertThat(writes).hasValue(5);
        assertThat(reads).hasValueLessThanOrEqualTo(20);
        // without groups there is no lease
        Set<GroupKey> before = Set.copyOf(groups);
        groups.clear();
        beat(a);
        writes.set(0);
        reads.set(0);
        beat(a);
        beat(b);
        assertThat(writes.get() + reads.get()).isZero();
        assertThat(store.read("rule-evaluators", Long.MIN_VALUE, 10)).hasSize(2).allMatch(i -> i.value().length == 3);
        groups.addAll(before);
        for (int i = 0; i < 4; i++) {
            beat(b);
            beat(a);
        }
        assertThat(groups).allMatch(g -> a.holds(g) != b.holds(g)).anyMatch(a::holds);
    }

    @Test
    void withoutGroupsNothingIsWritten() throws Exception {
        StoreLeases a = leases("a", 0);
        StoreLeases b = leases("b", 0);
        beat(a);
        assertThat(store.partitions("")).isEmpty();
        addGroups(1);
        beat(a);
        groups.clear();
        beat(a);
        addGroups(1);
        beat(b);
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
                beat(one);
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
                beat(l);
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
