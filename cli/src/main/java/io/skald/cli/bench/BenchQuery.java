/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.bench;

import java.util.ArrayList;
import java.util.List;

/**
 * A question about the corpus.
 *
 * @param limit of a query of lines; 0 for a metric query
 * @param stepSeconds of a metric query
 * @param expected lines, or the sum of all values; negative if it is not known
 */
record BenchQuery(String name, String query, int limit, long stepSeconds, double expected) {
    /** The questions; to be asked when the whole corpus was made. */
    static List<BenchQuery> of(BenchCorpus c) {
        String all = "{namespace=~\".+\"}";
        String json = "{namespace=\"shop\",app!=\"gateway\"} | json";
        List<BenchQuery> q = new ArrayList<>();
        q.add(lines("last 1000 lines of one app", "{app=\"nginx\"}", 1000, Math.min(1000, c.accessLines())));
        q.add(lines("needle: unique token", all + " |= \"" + BenchCorpus.TOKEN + "\"", 100, 1));
        q.add(lines("needle: trace id", all + " |= \"" + BenchCorpus.TRACE + "\"", 1000, Math.min(1000, c.traces())));
        q.add(lines("rare phrase", all + " |= \"" + BenchCorpus.PHRASE + "\"", 1000, c.phrases()));
        q.add(lines("common substring, limit 100", "{namespace=\"data\"} |= \"xception\"", 100, 100));
        q.add(metric(
                "absent text that no filter rules out",
                "sum(count_over_time(" + all + " |= \"peer-\" [1h]))",
                3600,
                0));
        q.add(metric(
                "regex, ignore case",
                "sum(count_over_time({namespace=\"data\"} |~ \"(?i)connection (closed|key)\" [1h]))",
                3600,
                -1));
        q.add(metric(
                "json, status >= 500, by app",
                "sum by (app) (count_over_time(" + json + " | status >= 500 [1h]))",
                3600,
                (double) c.jsonErrors()));
        q.add(metric(
                "logfmt, duration > 2s",
                "sum(count_over_time({app=\"gateway\"} | logfmt | duration > 2s [1h]))",
                3600,
                (double) c.slow()));
        q.add(metric("rate by app, step 1m", "sum by (app) (rate(" + all + "[1m]))", 60, c.lines() / 60.0));
        q.add(metric(
                "access log pattern, by status",
                "sum by (status) (count_over_time({app=\"nginx\"} | pattern `<_> - - [<_>] \"<_>\" <status> <_>` [5m]))",
                300,
                (double) c.accessLines()));
        q.add(metric(
                "p99 of latency by app",
                "quantile_over_time(0.99, " + json + " | unwrap latency_ms [5m]) by (app)",
                300,
                -1));
        q.add(metric("count of all lines by hour", "sum(count_over_time(" + all + "[1h]))", 3600, (double) c.lines()));
        q.add(metric(
                "log volume by level",
                "sum by (level, detected_level) (count_over_time(" + all + "[5m]))",
                300,
                (double) c.lines()));
        return q;
    }

    private static BenchQuery lines(String name, String query, int limit, long expected) {
        return new BenchQuery(name, query, limit, 0, (double) expected);
    }

    private static BenchQuery metric(String name, String query, long stepSeconds, double expected) {
        return new BenchQuery(name, query, 0, stepSeconds, expected);
    }

    boolean answeredBy(double found) {
        return expected < 0 || Math.abs(found - expected) <= 1e-6 * Math.max(1, expected);
    }
}
