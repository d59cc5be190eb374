/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.source;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.SplittableRandom;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * The exact-read protocol over thousands of schedules: ingesters, compactors, a deleter and queriers, which fail, stop and crash between any two
 * calls of a store, with clocks that differ. Every query gives every acknowledged line exactly once, but for what is deleted. {@code
 * -Dskald.schedules=N} runs more, {@code -Dskald.scheduleSeed=N} one of them again.
 *
 * <p>It fails within the first few schedules when one of these is taken out of {@code TenantLog.check} or {@code LogState}: that the segments
 * that a commit removes exist (lines are in two segments then, which only {@code Model.storedAsOftenAsPushed} sees, as equal entries count once), that a
 * fence starts where it stands, that a flush knew the delete requests that concern it, that requests which were applied are not
 * cancelled, that what a compaction adds is clean only up to the request that it knew.
 */
class ExactReadModelTest {
    private static final int SCHEDULES = Integer.getInteger("skald.schedules", 40);

    /** Held here, as a logger that nobody holds loses its level. */
    private final Logger compactor = Logger.getLogger("io.skald.storage.compact.Compactor");

    @AfterEach
    void speak() {
        compactor.setLevel(null);
    }

    @Test
    void everyQueryGivesEveryLineOnce() throws Exception {
        // what the model makes fail on purpose would be reported, page after page
        compactor.setLevel(Level.OFF);
        Long one = Long.getLong("skald.scheduleSeed");
        long first = one != null ? one : System.nanoTime();
        int n = one != null ? 1 : SCHEDULES;
        long steps = 0;
        long queries = 0;
        long compactions = 0;
        for (int i = 0; i < n; i++) {
            long seed = first + i;
            // the first numbers of neighbouring seeds would be alike
            Model m = new Model(new Random(new SplittableRandom(seed).nextLong()));
            try {
                m.run();
            } catch (Exception | AssertionError e) {
                throw new AssertionError("schedule with -Dskald.scheduleSeed=" + seed, e);
            }
            steps += m.steps();
            queries += m.queries();
            compactions += m.compactions();
        }
        System.getLogger("ExactReadModelTest")
                .log(
                        System.Logger.Level.INFO,
                        "{0} schedules, {1} steps, {2} queries, {3} compactions",
                        n,
                        steps,
                        queries,
                        compactions);
        assertThat(queries).isGreaterThan(n);
        assertThat(one != null ? 1 : compactions).isPositive();
    }
}
