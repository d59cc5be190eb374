/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.bench.load;

import java.io.IOException;
import java.io.PrintStream;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/**
 * Rules over streams that are being written: what they cost, and whether all are evaluated. Ten rules to a group, a group to a stream, of five
 * kinds, each over five minutes.
 */
final class RulesLoad {
    private static final int RULES_PER_GROUP = 10;
    private static final String[] QUERIES = {
        "sum by (app) (count_over_time({pod=\"%s\"} |= \"status=500\" [5m])) > %d",
        "sum by (app) (rate({pod=\"%s\"} [5m])) > %d000",
        "sum by (app) (count_over_time({pod=\"%s\"} | logfmt | duration > 970ms [5m])) > %d000",
        "sum by (app) (bytes_over_time({pod=\"%s\"} |= \"trace=\" [5m])) > %d000000000",
        "sum by (app) (count_over_time({pod=\"%s\"} |~ \"bytes=65[0-9]{3} user=u9\" [5m])) > %d00",
    };

    private final Target target;
    private final PrintStream out;
    private final long rules;
    private final long streams;
    private final String interval;

    RulesLoad(Target target, PrintStream out, long rules, long streams, String interval) {
        this.target = target;
        this.out = out;
        this.rules = rules;
        this.streams = streams;
        this.interval = interval;
    }

    private void write() throws IOException, InterruptedException {
        for (long first = 0; first < rules; first += RULES_PER_GROUP) {
            long group = first / RULES_PER_GROUP;
            StringBuilder yaml = new StringBuilder("name: g" + group + "\ninterval: " + interval + "\nrules:\n");
            for (long k = first; k < Math.min(rules, first + RULES_PER_GROUP); k++) {
                yaml.append("- alert: Rule")
                        .append(k)
                        .append("\n  expr: '")
                        .append(String.format(
                                Locale.ROOT, QUERIES[(int) (k % QUERIES.length)], "pod-" + group % streams, k + 1))
                        .append("'\n");
            }
            int status = target.post("/loki/api/v1/rules/load", yaml.toString());
            if (status != 202) {
                throw new IOException("a group of rules is answered with " + status);
            }
        }
    }

    /**
     * Measures without rules, then with them, while the caller pushes.
     *
     * @return whether every rule was evaluated each time
     */
    boolean measure(long secondsBefore, long seconds) throws IOException, InterruptedException {
        double before = cpuPerMinute(secondsBefore);
        write();
        // the first evaluations compile the queries
        double warm = cpuPerMinute(Math.min(30, seconds));
        double evaluated = target.metric("skald_rules_evaluations_total");
        double with = cpuPerMinute(seconds);
        evaluated = target.metric("skald_rules_evaluations_total") - evaluated;
        double missed = target.metric("skald_rules_missed_evaluations_total");
        double failed = target.metric("skald_rules_evaluation_failures_total");
        out.println(String.format(
                Locale.ROOT,
                "%d rules over %d streams every %s: %.1f CPU seconds a minute with them, %.1f without: %.1f for the rules (%.1f in the "
                        + "beginning); %.0f evaluations in %d s, %.0f missed, %.0f failed",
                rules,
                streams,
                interval,
                with,
                before,
                with - before,
                warm - before,
                evaluated,
                seconds,
                missed,
                failed));
        return missed == 0 && failed == 0 && evaluated > 0;
    }

    private double cpuPerMinute(long seconds) throws InterruptedException {
        double cpu = target.cpuSeconds();
        long begin = System.nanoTime();
        TimeUnit.SECONDS.sleep(seconds);
        return (target.cpuSeconds() - cpu) / ((System.nanoTime() - begin) / 60e9);
    }
}
