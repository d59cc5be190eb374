/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.skald.core.model.ErrorCode;
import io.skald.core.model.RequestException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class QuerySchedulerTest {
    @Test
    void tenantsTakeTurnsHoweverManyTasksOneHas() throws Exception {
        List<String> order = Collections.synchronizedList(new ArrayList<>());
        CountDownLatch begin = new CountDownLatch(1);
        CountDownLatch done = new CountDownLatch(7);
        try (FairPool pool = new FairPool(1)) {
            pool.of("first").execute(() -> awaitQuietly(begin));
            Executor heavy = pool.of("heavy");
            for (int i = 0; i < 5; i++) {
                int n = i;
                heavy.execute(() -> {
                    order.add("heavy " + n);
                    done.countDown();
                });
            }
            for (int i = 0; i < 2; i++) {
                int n = i;
                pool.of("light").execute(() -> {
                    order.add("light " + n);
                    done.countDown();
                });
            }
            begin.countDown();
            assertThat(done.await(20, TimeUnit.SECONDS)).isTrue();
        }
        assertThat(order).containsExactly("heavy 0", "light 0", "heavy 1", "light 1", "heavy 2", "heavy 3", "heavy 4");
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void aClosedPoolTakesNothing() {
        FairPool pool = new FairPool(1);
        pool.close();
        pool.close();
        assertThatThrownBy(() -> pool.of("t").execute(() -> {}))
                .isInstanceOf(RejectedExecutionException.class)
                .hasMessage("the process is stopping");
    }

    /** Enters on a thread of its own; the list gets the tenant once it is in. */
    private static void enter(QueryGate gate, String tenant, int most, List<String> entered) throws Exception {
        int before = gate.waiting() + gate.running();
        Thread.ofVirtual().start(() -> {
            try {
                gate.enter(tenant, most, () -> false);
                entered.add(tenant);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        while (gate.waiting() + gate.running() == before) {
            Thread.onSpinWait();
        }
    }

    private static void await(List<String> entered, int size) {
        while (entered.size() < size) {
            Thread.onSpinWait();
        }
    }

    @Test
    void aFreePlaceGoesToTheTenantWithTheFewest() throws Exception {
        QueryGate gate = new QueryGate(2, 10);
        List<String> entered = Collections.synchronizedList(new ArrayList<>());
        enter(gate, "heavy", 0, entered);
        enter(gate, "heavy", 0, entered);
        await(entered, 2);
        enter(gate, "heavy", 0, entered);
        enter(gate, "heavy", 0, entered);
        enter(gate, "light", 0, entered);
        assertThat(gate.waiting()).isEqualTo(3);
        gate.leave("heavy");
        await(entered, 3);
        assertThat(entered).endsWith("light");
        gate.leave("light");
        await(entered, 4);
        gate.leave("heavy");
        await(entered, 5);
        assertThat(entered).containsExactly("heavy", "heavy", "light", "heavy", "heavy");
        gate.leave("heavy");
        gate.leave("heavy");
        assertThat(gate.running()).isZero();
        assertThatThrownBy(() -> gate.leave("heavy")).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void aTenantRunsNoMoreThanItsParallelism() throws Exception {
        QueryGate gate = new QueryGate(10, 10);
        List<String> entered = Collections.synchronizedList(new ArrayList<>());
        enter(gate, "a", 1, entered);
        await(entered, 1);
        enter(gate, "a", 1, entered);
        enter(gate, "b", 1, entered);
        await(entered, 2);
        assertThat(entered).containsExactly("a", "b");
        assertThat(gate.waiting()).isOne();
        gate.leave("a");
        await(entered, 3);
    }

    @Test
    void tooManyThatWaitAreRefusedAtOnce() throws Exception {
        QueryGate gate = new QueryGate(1, 1);
        List<String> entered = Collections.synchronizedList(new ArrayList<>());
        enter(gate, "a", 0, entered);
        await(entered, 1);
        enter(gate, "a", 0, entered);
        assertThatThrownBy(() -> gate.enter("a", 0, () -> false))
                .isInstanceOfSatisfying(
                        RequestException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.TOO_MANY_REQUESTS))
                .hasMessage("too many outstanding requests: 1 queries of the tenant wait, limit 1"
                        + " (querier.max_outstanding_requests_per_tenant)");
        gate.leave("a");
        await(entered, 2);
    }

    @Test
    void aQueryThatIsCancelledWaitsNoLonger() throws Exception {
        QueryGate gate = new QueryGate(1, 5);
        gate.enter("a", 0, () -> false);
        AtomicBoolean gone = new AtomicBoolean(true);
        assertThatThrownBy(() -> gate.enter("b", 0, gone::get))
                .isInstanceOfSatisfying(
                        RequestException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.CLIENT_CLOSED));
        assertThat(gate.waiting()).isZero();
        gate.leave("a");
        gate.enter("b", 0, () -> false);
        assertThat(gate.running()).isOne();
    }

    /** Whoever is interrupted around the moment of getting a place leaves none taken. */
    @Test
    void anInterruptedQueryKeepsNoPlace() throws Exception {
        QueryGate gate = new QueryGate(1, 5);
        for (int round = 0; round < 200; round++) {
            gate.enter("a", 0, () -> false);
            AtomicBoolean entered = new AtomicBoolean();
            Thread waiter = Thread.ofVirtual().start(() -> {
                try {
                    gate.enter("b", 0, () -> false);
                    entered.set(true);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            });
            while (gate.waiting() == 0) {
                Thread.onSpinWait();
            }
            Thread leaver = Thread.ofVirtual().start(() -> gate.leave("a"));
            waiter.interrupt();
            waiter.join();
            leaver.join();
            if (entered.get()) {
                gate.leave("b");
            }
            assertThat(gate.running()).as("round " + round).isZero();
            assertThat(gate.waiting()).isZero();
        }
    }
}
