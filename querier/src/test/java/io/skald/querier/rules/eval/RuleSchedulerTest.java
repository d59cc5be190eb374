/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.eval;

import static org.assertj.core.api.Assertions.assertThat;

import io.skald.core.config.Limits;
import io.skald.core.model.TenantId;
import io.skald.querier.rules.model.RuleYaml;
import io.skald.querier.rules.store.GroupKey;
import io.skald.querier.rules.store.Leases;
import io.skald.querier.rules.store.RuleCatalog;
import io.skald.querier.rules.store.RuleFiles;
import io.skald.querier.rules.store.RuleStore;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

/** What becomes of groups that come and go while the process runs. */
class RuleSchedulerTest {
    private static void await(String what, BooleanSupplier done) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!done.getAsBoolean()) {
            assertThat(System.nanoTime()).as(what).isLessThan(deadline);
            TimeUnit.MILLISECONDS.sleep(10);
        }
    }

    @Test
    void groupsBeginAndEndAndNobodyIsTold() throws Exception {
        try (RulesFixture f = new RulesFixture()) {
            RuleCatalog catalog =
                    new RuleCatalog(new RuleStore(f.index), new RuleFiles(Path.of("")), t -> Limits.DEFAULTS);
            GroupKey key = new GroupKey(TenantId.DEFAULT, "ns", "g");
            String group = "name: g\ninterval: 1s\nrules: [{alert: A, expr: 'vector(1) > 0'}]";
            try (RuleScheduler s = new RuleScheduler(
                    f.environment(),
                    catalog,
                    Leases.ALONE,
                    Duration.ofHours(1),
                    2,
                    false,
                    () -> ChronoUnit.NANOS.between(Instant.EPOCH, Instant.now()))) {
                s.start();
                BooleanSupplier silent = () -> f.metrics.nobodyTold.get() == 1;
                assertThat(silent.getAsBoolean()).isFalse();
                catalog.put(TenantId.DEFAULT, "ns", RuleYaml.parseGroup("test", group));
                s.changed();
                await("a warning that nobody is told", silent);
                await("an alert", () -> f.told.size() == 1 && s.status(key) != null);
                assertThat(f.told.getFirst().resolved()).isFalse();
                // a change of the group keeps the alert, its end resolves it
                catalog.put(
                        TenantId.DEFAULT,
                        "ns",
                        RuleYaml.parseGroup("test", group.replace("[{", "[{record: b, expr: '1'}, {")));
                s.changed();
                await("a recorded series", () -> !f.recorded.isEmpty());
                catalog.delete(key);
                s.changed();
                await("its end", () -> f.told.getLast().resolved());
                assertThat(f.told.stream().map(Outgoing::startsAtNanos).distinct())
                        .hasSize(1);
                await("no warning", () -> s.status(key) == null && !silent.getAsBoolean());
            }
        }
    }
}
