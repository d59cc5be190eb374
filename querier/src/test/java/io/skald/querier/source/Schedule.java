/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.source;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/**
 * Runs actors one at a time: each until it calls {@link #step}, then a seeded random one goes on. So a seed is a schedule, and the same every
 * time. An actor may be left alone for long, as a process that is stopped.
 */
final class Schedule {
    /** What an actor does. */
    interface Script {
        void run() throws Exception;
    }

    /** The process of an actor ends here; its script may begin again. */
    static final class Crash extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    private final class Actor {
        private final Semaphore turn = new Semaphore(0);
        private final double crashes;
        private int stopped;
        private boolean done;
        private @Nullable Throwable failure;

        Actor(double crashes) {
            this.crashes = crashes;
        }

        void start(Script script) {
            Thread.ofVirtual().start(() -> {
                try {
                    turn.acquire();
                    script.run();
                } catch (Throwable t) {
                    failure = t;
                } finally {
                    done = true;
                    control.release();
                }
            });
        }
    }

    private final Random random;
    private final Semaphore control = new Semaphore(0);
    private final List<Actor> actors = new ArrayList<>();
    private @Nullable Actor current;
    private int steps;

    Schedule(Random random) {
        this.random = random;
    }

    /** @param crashes how likely it is that the actor's process ends at a step */
    void add(double crashes, Script script) {
        Actor a = new Actor(crashes);
        actors.add(a);
        a.start(script);
    }

    /** A moment at which others may run. Outside of {@link #run} it does nothing. */
    void step() {
        Actor a = current;
        if (a == null) {
            return;
        }
        steps++;
        control.release();
        a.turn.acquireUninterruptibly();
        if (random.nextDouble() < a.crashes) {
            throw new Crash();
        }
    }

    int steps() {
        return steps;
    }

    /** Runs all actors to their ends. */
    void run() throws Exception {
        List<Actor> running = new ArrayList<>(actors);
        while (!running.isEmpty()) {
            Actor a = running.get(random.nextInt(running.size()));
            if (a.stopped > 0 && running.size() > 1) {
                a.stopped--;
                continue;
            }
            if (random.nextInt(200) == 0) {
                a.stopped = random.nextInt(300);
            }
            // a few steps in a row, or one
            for (int n = random.nextInt(4); n >= 0 && !a.done; n--) {
                current = a;
                a.turn.release();
                control.acquire();
            }
            current = null;
            if (a.done) {
                running.remove(a);
                if (a.failure != null) {
                    throw new AssertionError("an actor failed", a.failure);
                }
            }
        }
    }
}
