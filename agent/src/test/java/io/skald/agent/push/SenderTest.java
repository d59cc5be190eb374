/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.push;

import static org.assertj.core.api.Assertions.assertThat;

import io.prometheus.client.CollectorRegistry;
import io.skald.agent.AgentRig;
import io.skald.agent.spool.Item;
import io.skald.agent.spool.Outbox;
import io.skald.core.model.TenantId;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SenderTest {
    @TempDir
    private Path dir;

    private final Gate gate = new Gate();

    /** Takes up to three pushes at a time; one ends when it is told to. A push is a byte, its number. */
    private static final class Gate implements Transport {
        private final Set<Integer> inside = new TreeSet<>();
        private final Set<Integer> open = new TreeSet<>();
        private final List<Integer> begun = new ArrayList<>();
        private boolean down;

        @Override
        public synchronized Outcome send(TenantId tenant, byte[] push) throws InterruptedException {
            int n = push[0];
            begun.add(n);
            inside.add(n);
            while (!open.contains(n) && !down) {
                wait();
            }
            inside.remove(n);
            return open.contains(n) ? Taken.ALL : new Later("down", 0);
        }

        @Override
        public int window() {
            return 3;
        }

        synchronized void open(int... numbers) {
            for (int n : numbers) {
                open.add(n);
            }
            notifyAll();
        }

        synchronized void down(boolean isDown) {
            down = isDown;
            notifyAll();
        }

        synchronized List<Integer> inside() {
            return List.copyOf(inside);
        }

        synchronized List<Integer> begun() {
            return List.copyOf(begun);
        }
    }

    private Outbox outbox() throws Exception {
        return Outbox.open(dir.resolve("outbox"), List.of("c"));
    }

    private Sender sender(Outbox outbox, CollectorRegistry registry) {
        return new Sender(
                "c",
                gate,
                outbox,
                new Rejected(dir.resolve("rejected"), 1 << 20),
                new Backoff(Duration.ofMillis(1), Duration.ofMillis(4)),
                RandomGenerator.getDefault(),
                new PushMetrics(registry));
    }

    private static List<Item> fill(Outbox outbox, int pushes) throws Exception {
        List<Item> items = new ArrayList<>();
        for (int i = 1; i <= pushes; i++) {
            items.addAll(outbox.append(
                    List.of(new Outbox.Part(TenantId.DEFAULT, 1, 1, new byte[] {(byte) i})), List.of(), Map.of()));
        }
        return items;
    }

    private void until(BooleanSupplier condition) throws InterruptedException {
        AgentRig.until(condition, () -> gate.begun() + ", inside " + gate.inside());
    }

    @Test
    void severalAreOnTheirWayAndARestartSendsAgainFromTheFirstThatIsMissing() throws Exception {
        try (Outbox outbox = outbox();
                Sender sender = sender(outbox, new CollectorRegistry())) {
            sender.add(fill(outbox, 9));
            until(() -> gate.inside().equals(List.of(1))); // one, until it is known that pushes are taken
            gate.open(1);
            until(() -> gate.inside().equals(List.of(2, 3)));
            gate.open(3, 4, 5);
            until(() -> gate.inside().equals(List.of(2, 6, 7)));
            assertThat(sender.isIdle()).isFalse();
            outbox.checkpoint(Map.of());
        }
        try (Outbox outbox = outbox()) {
            assertThat(outbox.pending("c")).hasSize(8); // 3, 4 and 5 are known there by their numbers
        }
    }

    @Test
    void afterAFailureOnlyTheOldestIsTriedUntilItIsTaken() throws Exception {
        try (Outbox outbox = outbox();
                Sender sender = sender(outbox, new CollectorRegistry())) {
            sender.add(fill(outbox, 8));
            gate.open(1, 2);
            until(() -> gate.inside().equals(List.of(3, 4, 5)));
            gate.down(true);
            until(() -> gate.begun().size() > 20);
            assertThat(gate.begun().subList(10, 20)).containsOnly(3);
            gate.down(false);
            until(() -> gate.inside().equals(List.of(3)));
            gate.open(3);
            until(() -> gate.inside().equals(List.of(4, 5)));
            gate.open(4, 5, 6, 7, 8);
            assertThat(sender.drain(Duration.ofSeconds(30).toNanos())).isTrue();
            assertThat(outbox.isEmpty()).isTrue();
        }
    }
}
