/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.eval;

import static io.skald.querier.rules.eval.RulesFixture.SECOND;
import static io.skald.querier.rules.eval.RulesFixture.START;
import static org.assertj.core.api.Assertions.assertThat;

import io.skald.core.model.Labels;
import io.skald.querier.source.FakeIngester;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.LongUnaryOperator;
import org.junit.jupiter.api.Test;

/** However late lines come, within bounds, the decisions are those of lines that came at once. */
class LateLinesTest {
    private static final int WINDOWS = 1000;
    private static final long INTERVAL = 10 * SECOND;

    private static String group(String maxDelay, String lateGrace) {
        return """
            name: g
            interval: 10s
            max_delay: %s
            late_grace: %s
            rules:
              - alert: Errors
                expr: 'sum by (app) (count_over_time({app=~".+"} |= "error" [1m])) > 4'
                for: 20s
                keep_firing_for: 30s
            """.formatted(maxDelay, lateGrace);
    }

    private record Late(long arrives, FakeIngester.Entry entry) {}

    private static List<FakeIngester.Entry> lines(Random random) {
        List<FakeIngester.Entry> out = new ArrayList<>();
        boolean[] bad = new boolean[2];
        for (long t = START; t < START + WINDOWS * INTERVAL; t += 5 * SECOND + random.nextLong(5 * SECOND)) {
            int app = random.nextInt(2);
            bad[app] ^= random.nextInt(12) == 0;
            String line = bad[app] && random.nextInt(5) > 0 ? "error " : "fine ";
            out.add(new FakeIngester.Entry(Labels.of("app", "a" + app), t, line + t, Labels.EMPTY));
        }
        return out;
    }

    private static Map<Long, Set<Labels>> run(
            List<FakeIngester.Entry> lines, LongUnaryOperator lag, String maxDelay, String lateGrace, double[] repeated)
            throws Exception {
        List<Late> arriving = new ArrayList<>();
        lines.forEach(e -> arriving.add(new Late(e.time() + lag.applyAsLong(e.time()), e)));
        arriving.sort(Comparator.comparingLong(Late::arrives));
        try (RulesFixture f = new RulesFixture()) {
            GroupRunner r = f.runner(group(maxDelay, lateGrace));
            int n = 0;
            for (long end = START; end < START + WINDOWS * INTERVAL + 600 * SECOND; end += SECOND) {
                while (n < arriving.size() && arriving.get(n).arrives <= end) {
                    f.ingester.entries.add(arriving.get(n++).entry);
                }
                f.arrivals.poll(end);
                // an arrival wakes nobody: it is looked at when the next evaluation is due
                f.pass(r, end - f.now);
            }
            repeated[0] = f.registry.getSampleValue("skald_rules_repeated_evaluations_total");
            f.decisions.tailMap(START + WINDOWS * INTERVAL).clear();
            return f.decisions;
        }
    }

    @Test
    void decisionsAreThoseWithoutLag() throws Exception {
        long seed = System.nanoTime();
        List<FakeIngester.Entry> lines = lines(new Random(seed));
        double[] repeated = new double[1];
        Map<Long, Set<Labels>> oracle = run(lines, t -> 0, "0s", "0s", repeated);
        assertThat(oracle).hasSizeGreaterThanOrEqualTo(WINDOWS - 1);
        assertThat(oracle.values().stream().distinct()).as("seed %d", seed).hasSizeGreaterThan(2);
        assertThat(repeated[0]).isZero();

        // always three minutes: once that is measured, nothing is evaluated twice
        Map<Long, Set<Labels>> constant = run(lines, t -> 180 * SECOND, "5m", "5m", repeated);
        assertThat(constant).as("seed %d", seed).isEqualTo(oracle);
        assertThat(repeated[0]).isLessThan(200);

        Random random = new Random(seed + 1);
        assertThat(run(lines, t -> random.nextLong(180 * SECOND), "5m", "5m", repeated))
                .as("seed %d, any lag up to three minutes", seed)
                .isEqualTo(oracle);
        // comes at once, but for one in fifty: measuring the usual lag does not help, repeating does
        assertThat(run(lines, t -> random.nextInt(50) == 0 ? 180 * SECOND : 0, "0s", "5m", repeated))
                .as("seed %d, a few lines late", seed)
                .isEqualTo(oracle);
        assertThat(repeated[0]).isPositive();
        // without either, late lines are lost on alerts: this test can fail
        assertThat(run(lines, t -> 180 * SECOND, "0s", "0s", repeated)).isNotEqualTo(oracle);
    }
}
