/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.bench.day;

import io.prometheus.client.CollectorRegistry;
import io.skald.core.config.Limits;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.StoreException;
import io.skald.core.scan.Direction;
import io.skald.core.scan.EntryCursor;
import io.skald.core.scan.ScanRequest;
import io.skald.core.scan.ScanStats;
import io.skald.logql.engine.Engine;
import io.skald.logql.engine.QueryRequest;
import io.skald.logql.engine.QueryResult;
import io.skald.logql.parser.Parser;
import io.skald.querier.source.ExactSource;
import io.skald.storage.StoreMetrics;
import io.skald.storage.cache.RangeCache;
import io.skald.storage.dynamodb.DynamoDbIndexStore;
import io.skald.storage.index.CommitLog;
import io.skald.storage.s3.S3SegmentStore;
import io.skald.storage.segment.LabelSelector;
import io.skald.storage.segment.SegmentFooters;
import io.skald.storage.segment.SegmentReader;
import io.skald.storage.segment.SegmentReaders;
import io.skald.storage.segment.SegmentScan;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Asks a querier that has nothing in its caches, and deletes a user. */
final class Questions {
    static final String TRACE = "5ca1ab1e0ddba11c0ffee000decade42";
    private static final String USER = "u04711";
    private static final String IN_JSON = "user_id\":\"" + USER + "\"";
    private static final String IN_LOGFMT = "user_id=" + USER + " ";
    private static final String OF_USER = "{app=~\"svc-.+\"} |= `" + IN_JSON + "` or `" + IN_LOGFMT + "`";
    private static final int MAX_SCAN_GETS = 5000;
    private static final double MAX_NEEDLE_SHARE = 0.03;
    private static final long CACHE_BYTES = 10L << 30;

    private final PrintStream out;
    private final LocalStores stores;
    private final Path directory;
    private final long startNanos;
    private final long endNanos;
    private int queriers;

    /** Something that takes a while. */
    interface Step {
        void run() throws Exception;
    }

    Questions(PrintStream out, LocalStores stores, Path directory, long startNanos, long endNanos) {
        this.out = out;
        this.stores = stores;
        this.directory = directory;
        this.startNanos = startNanos;
        this.endNanos = endNanos;
    }

    private boolean say(boolean good, String text) {
        out.println(text + (good ? "" : "  MISSED"));
        out.flush();
        return good;
    }

    /** How many of the lines are of the user who will be deleted. */
    static long linesOfUser(List<EntryBatch> batches) {
        long n = 0;
        byte[] user = USER.getBytes(StandardCharsets.US_ASCII);
        for (EntryBatch b : batches) {
            for (int i = 0; i < b.size(); i++) {
                if (find(b.buffer(i), b.offset(i), b.length(i), user)) {
                    n++;
                }
            }
        }
        return n;
    }

    private static boolean find(byte[] in, int offset, int length, byte[] what) {
        int last = offset + length - what.length;
        for (int i = offset; i <= last; i++) {
            if (in[i] == 'u' && in[i + 1] == what[1] && in[i + 2] == what[2]) {
                int k = 3;
                while (k < what.length && in[i + k] == what[k]) {
                    k++;
                }
                if (k == what.length) {
                    return true;
                }
            }
        }
        return false;
    }

    /** An answer, and what it took. */
    private record Answer(double value, int lines, Calls calls, double seconds, List<String> warnings) {}

    private Answer ask(String query, long stepNanos, int limit) throws Exception {
        CollectorRegistry registry = new CollectorRegistry();
        StoreMetrics metrics = new StoreMetrics(registry);
        try (DynamoDbIndexStore index = DynamoDbIndexStore.open(stores.dynamoDb(), metrics);
                S3SegmentStore segments = S3SegmentStore.open(stores.s3(), metrics);
                RangeCache cache =
                        RangeCache.open(segments, directory.resolve("cache-" + queriers++), CACHE_BYTES, registry);
                ExecutorService pool =
                        Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors())) {
            Calls before = Calls.of(metrics);
            long begin = System.nanoTime();
            ExactSource source =
                    new ExactSource(Node.TENANT, new CommitLog(index), new SegmentReaders(cache), List::of);
            long start = stepNanos == 0 && limit == 0 ? endNanos : startNanos;
            QueryResult r = new Engine(pool)
                    .run(
                            new QueryRequest(
                                    Parser.parse(query), start, endNanos, stepNanos, Direction.BACKWARD, limit),
                            source,
                            Limits.DEFAULTS,
                            () -> false);
            double value = 0;
            int lines = 0;
            switch (r.data()) {
                case QueryResult.Lines l -> lines = l.lines().size();
                case QueryResult.VectorData v -> {
                    for (QueryResult.Sample s : v.samples()) {
                        value += s.value();
                    }
                }
                case QueryResult.Matrix m -> lines = m.series().size();
                case QueryResult.Scalar s -> value = s.value();
            }
            return new Answer(
                    value, lines, Calls.of(metrics).minus(before), (System.nanoTime() - begin) / 1e9, r.warnings());
        }
    }

    private static String of(Answer a, long stored) {
        return String.format(
                Locale.ROOT,
                "%,d GETs, %.1f MB = %.2f %% of what is stored, %.0f read units, %.1f s%s",
                a.calls.gets,
                a.calls.getBytes / 1e6,
                100.0 * a.calls.getBytes / stored,
                a.calls.readUnits,
                a.seconds,
                a.warnings.isEmpty() ? "" : " " + a.warnings);
    }

    boolean ask(long lines, long stored) throws Exception {
        // a text of one line in many that skip filters know nothing of
        Answer count = ask("sum(count_over_time({app=~\"svc-.+\"} |~ `[0-9]` [24h]))", 0, 0);
        boolean good = say(
                count.calls.gets <= MAX_SCAN_GETS && count.value == lines,
                String.format(Locale.ROOT, "cold, full scan, metric: %,.0f lines, %s", count.value, of(count, stored)));
        Answer scan = ask("{app=~\"svc-.+\"} |~ `zq+x`", 0, 100);
        good &= say(
                scan.calls.gets <= MAX_SCAN_GETS && scan.lines == 0,
                String.format(Locale.ROOT, "cold, full scan, lines: %d found, %s", scan.lines, of(scan, stored)));
        Answer needle = ask("{app=~\"svc-.+\"} |= `" + TRACE + "`", 0, 100);
        good &= say(
                needle.lines == 1 && needle.calls.getBytes <= MAX_NEEDLE_SHARE * stored,
                String.format(Locale.ROOT, "cold, unique trace id: %d found, %s", needle.lines, of(needle, stored)));
        Answer none = ask("{app=~\"svc-.+\"} |= `" + new StringBuilder(TRACE).reverse() + "`", 0, 100);
        good &= say(
                none.lines == 0 && none.calls.getBytes <= MAX_NEEDLE_SHARE * stored,
                String.format(
                        Locale.ROOT, "cold, trace id that is not there: %d found, %s", none.lines, of(none, stored)));
        Answer latest = ask("{app=\"svc-01\"}", 0, 100);
        good &= say(
                latest.lines == 100,
                String.format(Locale.ROOT, "cold, the last 100 lines of a service: %s", of(latest, stored)));
        Answer all = ask("sum(count_over_time({app=~\"svc-.+\"}[24h]))", 0, 0);
        good &= say(
                all.value == lines,
                String.format(Locale.ROOT, "cold, all lines counted: %,.0f, %s", all.value, of(all, stored)));
        return good;
    }

    boolean delete(List<Node> nodes, long lines, long ofUser, Step compaction) throws Exception {
        Answer before = ask("sum(count_over_time(" + OF_USER + " [24h]))", 0, 0);
        boolean good = say(
                before.value == ofUser,
                String.format(Locale.ROOT, "lines of the user: %,.0f of %,d", before.value, ofUser));
        long begin = System.nanoTime();
        nodes.getFirst().deletes(nodes).create(Node.TENANT, OF_USER, startNanos, endNanos);
        double seconds = (System.nanoTime() - begin) / 1e9;
        Answer hidden = ask("sum(count_over_time(" + OF_USER + " [24h]))", 0, 0);
        good &= say(
                hidden.value == 0 && seconds < 1,
                String.format(
                        Locale.ROOT,
                        "delete request: answered after %.2f s, then %,.0f lines seen",
                        seconds,
                        hidden.value));
        long work = System.nanoTime();
        compaction.run();
        say(true, String.format(Locale.ROOT, "compaction for it: %.0f s", (System.nanoTime() - work) / 1e9));
        boolean gone = readEverything(nodes.getFirst(), lines - ofUser);
        return good && gone;
    }

    /** Decodes every line of every object in the bucket. */
    private boolean readEverything(Node node, long expected) throws StoreException {
        List<String> keys = node.segments.list("");
        long live = node.log.read(Node.TENANT).segments().size();
        byte[] user = USER.getBytes(StandardCharsets.US_ASCII);
        SegmentReaders readers = new SegmentReaders(node.segments);
        long lines = 0;
        long found = 0;
        ScanRequest everything = new ScanRequest(
                List.of(), Long.MIN_VALUE, Long.MAX_VALUE, Direction.FORWARD, ScanRequest.Columns.ALL, List.of());
        for (String key : keys) {
            SegmentReader reader = readers.get(SegmentFooters.ref(node.segments, key));
            SegmentScan scan = new SegmentScan(
                    everything,
                    new ScanStats(),
                    message -> {
                        throw new IllegalStateException(message);
                    },
                    1);
            for (SegmentReader.Chunk chunk :
                    reader.chunks(new LabelSelector(List.of()), Long.MIN_VALUE, Long.MAX_VALUE)) {
                try (EntryCursor c = chunk.scan(scan).open()) {
                    while (c.next()) {
                        lines++;
                        if (find(c.buffer(), c.offset(), c.length(), user)) {
                            found++;
                        }
                    }
                }
            }
        }
        return say(
                found == 0 && lines == expected && keys.size() == live,
                String.format(
                        Locale.ROOT,
                        "all objects read: %d, of which %d in the index; %,d lines, %,d left were expected; %d of the user",
                        keys.size(),
                        live,
                        lines,
                        expected,
                        found));
    }
}
