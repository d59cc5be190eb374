/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.skald.cli.run.Role;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two ingesters and two queriers over DynamoDB and S3, all of them processes. While lines are pushed one ingester is killed and started
 * again, one is added and one is stopped: no acknowledged line is missing, none comes twice, and every answer in between that does not say
 * that it is partial holds all that was acknowledged before it was asked. Clocks of ingesters differ by two minutes, and all that is stored is compacted all the time. Then the process that
 * compacts is stopped in the middle, beyond its lease: another takes over, and the first finds that out when it goes on; every line is stored once. Then a querier is killed,
 * and the rules that it evaluated go on. {@code -Dskald.cluster.seconds=300} makes it longer.
 */
class ClusterIT {
    private static final Pattern SEQUENCE = Pattern.compile("seq=(\\d+) ");
    private static final int LINES = 5;
    private static final int RULES = 12;
    private static final int INTERVAL_SECONDS = 2;
    private static final Duration SKEW = Duration.ofMinutes(1);
    private static final double SECONDS = Double.parseDouble(System.getProperty("skald.cluster.seconds", "3"));

    @TempDir
    private Path dir;

    private final HttpClient http =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2)).build();
    private final ConcurrentHashMap<String, SkaldProcess> processes = new ConcurrentHashMap<>();
    private final List<String> ingesters = new CopyOnWriteArrayList<>();
    private final BitSet acknowledged = new BitSet();
    private final AtomicInteger sent = new AtomicInteger();
    private final AtomicBoolean loading = new AtomicBoolean(true);
    private final AtomicInteger complete = new AtomicInteger();
    private final AtomicInteger partial = new AtomicInteger();
    private final AtomicInteger failed = new AtomicInteger();
    private final List<String> problems = new CopyOnWriteArrayList<>();
    private Process services;
    private AlertSink alerts;
    /** Noon of a day that is over: what is stored of it is merged as soon as it is there. */
    private final long begin = Instant.now()
                    .truncatedTo(ChronoUnit.DAYS)
                    .minus(Duration.ofHours(36))
                    .toEpochMilli()
            * 1_000_000;

    @BeforeEach
    void startServices() throws Exception {
        alerts = new AlertSink();
        Path addresses = dir.resolve("addresses");
        services = new ProcessBuilder(
                        ProcessHandle.current().info().command().orElse("java"),
                        "-Xmx256m",
                        "-XX:+UseSerialGC",
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        "io.skald.storage.LocalAws",
                        Files.createDirectories(dir.resolve("s3")).toString(),
                        "logs",
                        addresses.toString())
                .redirectOutput(dir.resolve("aws.out").toFile())
                .redirectError(dir.resolve("aws.err").toFile())
                .start();
        await(() -> Files.exists(addresses), () -> Files.readString(dir.resolve("aws.err")));
        List<String> a = Files.readAllLines(addresses);
        Files.writeString(dir.resolve("skald.yaml"), """
                http: {listen: "127.0.0.1:0"}
                flush: {max_age: 1500ms}
                limits: {max_entries_limit_per_query: 1000000}
                ingester: {drain_timeout: 10s}
                querier: {ingester_timeout: 10s}
                compaction: {interval: 1s, lease: 1s, min_age: 0s, max_rate: 3MB}
                rules: {poll_interval: 1s, resend_delay: 1s, alertmanager_url: "%s"}
                storage:
                  index: dynamodb
                  segments: s3
                  dynamodb: {region: us-east-1, endpoint: "%s", attempt_timeout: 10s}
                  s3: {bucket: logs, prefix: skald/, region: us-east-1, endpoint: "%s", path_style: true}
                """.formatted(alerts.url(), a.get(0), a.get(1)));
        try (SkaldProcess init = SkaldProcess.start(dir, "store", "init", "--config", config())) {
            assertThat(init.awaitExit()).as(init.err()).isZero();
        }
    }

    @AfterEach
    void stopAll() {
        loading.set(false);
        processes.values().forEach(SkaldProcess::close);
        services.destroyForcibly().onExit().join();
        alerts.close();
        http.close();
    }

    private String config() {
        return dir.resolve("skald.yaml").toString();
    }

    private interface Condition {
        boolean holds() throws Exception;
    }

    private interface Text {
        String get() throws IOException;
    }

    private static void await(Condition condition, Text otherwise) throws Exception {
        long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
        while (!condition.holds()) {
            assertThat(System.nanoTime()).as(otherwise.get()).isLessThan(deadline);
            Thread.sleep(20);
        }
    }

    private SkaldProcess begin(Role role, String name) throws IOException {
        // the clock of the first ingester is two minutes behind those of the others
        Duration shift = role == Role.QUERIER ? Duration.ZERO : name.equals("i1") ? SKEW.negated() : SKEW;
        SkaldProcess p = SkaldProcess.shifted(
                dir, shift, role, config(), dir.resolve(name).toString());
        processes.put(name, p);
        return p;
    }

    private void addIngester(String name) throws Exception {
        String url = begin(Role.INGESTER, name).awaitUrl();
        ingesters.add(url);
    }

    /** Pushes until it is told to stop; what is not acknowledged goes to the next ingester, the same bytes. */
    private void load(int thread) {
        int at = thread;
        try {
            while (loading.get()) {
                int first = sent.getAndAdd(LINES);
                StringBuilder values = new StringBuilder();
                for (int i = 0; i < LINES; i++) {
                    long time = begin + (first + i) * 1000L;
                    values.append(i == 0 ? "" : ",")
                            .append("[\"")
                            .append(time)
                            .append("\",\"seq=")
                            .append(first + i)
                            .append(" of the load\"]");
                }
                String body = "{\"streams\":[{\"stream\":{\"app\":\"load\",\"thread\":\"" + thread + "\"},\"values\":["
                        + values + "]}]}";
                while (!push(ingester(at), body)) {
                    at++;
                    Thread.sleep(20);
                }
                synchronized (acknowledged) {
                    acknowledged.set(first, first + LINES);
                }
                Thread.sleep(10);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private String ingester(int i) {
        List<String> all = List.copyOf(ingesters);
        return all.get(i % all.size());
    }

    private boolean push(String url, String body) throws InterruptedException {
        HttpRequest r = HttpRequest.newBuilder(URI.create(url + "/loki/api/v1/push"))
                .timeout(Duration.ofSeconds(10))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
        try {
            SkaldProcess.Reply reply = SkaldProcess.send(http, r);
            if (reply.status() == 400) {
                problems.add("push refused: " + reply.body());
            }
            return reply.status() == 204;
        } catch (IOException e) {
            return false;
        }
    }

    private BitSet acknowledged() {
        synchronized (acknowledged) {
            return (BitSet) acknowledged.clone();
        }
    }

    /** Asks for everything, and compares it with what was acknowledged before. Returns whether the answer was a whole one. */
    private boolean check(String querier) throws InterruptedException {
        BitSet before = acknowledged();
        String q = querier + "/loki/api/v1/query_range?direction=forward&limit=1000000&start=" + (begin - 1)
                + "&end=" + (begin + 3_600_000_000_000L) + "&query="
                + URLEncoder.encode("{app=\"load\"}", StandardCharsets.UTF_8);
        SkaldProcess.Reply reply;
        try {
            reply = SkaldProcess.get(http, q);
        } catch (IOException e) {
            problems.add("a querier does not answer: " + e);
            return false;
        }
        if (reply.status() != 200) {
            failed.incrementAndGet();
            return false;
        }
        int most = sent.get();
        BitSet found = new BitSet();
        Matcher m = SEQUENCE.matcher(reply.body());
        while (m.find()) {
            int seq = Integer.parseInt(m.group(1));
            if (found.get(seq)) {
                problems.add("line " + seq + " comes twice");
            }
            if (seq >= most) {
                problems.add("line " + seq + " was never sent");
            }
            found.set(seq);
        }
        boolean whole = !reply.body().contains("\"warnings\"");
        if (whole) {
            before.andNot(found);
            if (!before.isEmpty()) {
                problems.add(before.cardinality() + " lines are missing, the first is " + before.nextSetBit(0));
            }
        }
        (whole ? complete : partial).incrementAndGet();
        return whole;
    }

    private void ask(String querier) {
        try {
            while (loading.get()) {
                check(querier);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void nothingIsLostOrDoubledWhateverHappensToIngesters() throws Exception {
        SkaldProcess first = begin(Role.INGESTER, "i1");
        SkaldProcess second = begin(Role.INGESTER, "i2");
        SkaldProcess one = begin(Role.QUERIER, "q1");
        SkaldProcess two = begin(Role.QUERIER, "q2");
        ingesters.add(first.awaitUrl());
        ingesters.add(second.awaitUrl());
        List<String> queriers = List.of(one.awaitUrl(), two.awaitUrl());
        writeRules(queriers.getFirst());
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            int thread = i;
            threads.add(Thread.ofPlatform().start(() -> load(thread)));
        }
        queriers.forEach(q -> threads.add(Thread.ofPlatform().start(() -> ask(q))));

        pause(0.3);
        first.kill();
        ingesters.remove(0);
        pause(0.1);
        addIngester("i1");
        pause(0.2);
        addIngester("i3");
        pause(0.2);
        String leaving = ingesters.getFirst();
        assertThat(processes.get("i2").stop()).as(processes.get("i2").err()).isZero();
        ingesters.remove(leaving);
        pause(0.2);

        loading.set(false);
        for (Thread t : threads) {
            t.join();
        }
        for (String q : queriers) {
            await(() -> check(q), () -> "no whole answer at the end");
        }
        assertThat(problems).as(this::loaded).isEmpty();
        assertThat(complete.get()).as(this::loaded).isGreaterThan(5);
        assertThat(acknowledged().cardinality())
                .as(this::loaded)
                .isEqualTo(sent.get())
                .isGreaterThan(200);
        SkaldProcess.Reply count = SkaldProcess.get(
                http,
                queriers.getFirst() + "/loki/api/v1/query?query="
                        + URLEncoder.encode("sum(count_over_time({app=\"load\"}[1h]))", StandardCharsets.UTF_8)
                        + "&time=" + (begin + 3_500_000_000_000L));
        assertThat(count.body()).contains("\"" + sent.get() + "\"]");
        SkaldProcess list = SkaldProcess.start(dir, "ingester", "list", "--config", config());
        processes.put("list", list);
        try (StoppedCompaction compaction =
                new StoppedCompaction(http, dir.resolve("skald.yaml"), left(), begin + 60_000_000_000L)) {
            compaction.stop();
            rulesGoOnWhenAQuerierIsKilled(queriers);
            compaction.resume();
            assertThat(compaction.entries()).as(this::loaded).isEqualTo(sent.get() + compaction.pushed());
            compaction.nothingIsLeftBehind();
        }
        assertThat(list.awaitExit()).as(list.err()).isZero();
        assertThat(list.out().lines().filter(l -> l.contains("\tholding\t"))).hasSize(2);
        assertThat(list.out().lines().filter(l -> l.contains("\tleft\t"))).hasSize(1);
        assertThat(check(queriers.getLast())).isTrue();
        assertThat(problems).as(this::loaded).isEmpty();
    }

    private List<StoppedCompaction.Ingester> left() throws Exception {
        List<StoppedCompaction.Ingester> left = new ArrayList<>();
        for (String name : List.of("i1", "i3")) {
            SkaldProcess p = processes.get(name);
            left.add(new StoppedCompaction.Ingester(p, p.awaitUrl()));
        }
        return left;
    }

    private void writeRules(String querier) throws Exception {
        for (int i = 0; i < RULES; i++) {
            HttpRequest r = HttpRequest.newBuilder(URI.create(querier + "/loki/api/v1/rules/it"))
                    .POST(HttpRequest.BodyPublishers.ofString("name: g" + i + "\ninterval: " + INTERVAL_SECONDS
                            + "s\nrules: [{alert: A" + i + ", expr: 'vector(1) > 0'}]"))
                    .build();
            assertThat(SkaldProcess.send(http, r).status()).isEqualTo(202);
        }
    }

    /** The times at which each alert was told, by its labels. */
    private Map<String, NavigableSet<Long>> told() {
        Map<String, NavigableSet<Long>> out = new TreeMap<>();
        alerts.told.forEach(
                t -> out.computeIfAbsent(t.labels(), l -> new TreeSet<>()).add(t.atMillis()));
        return out;
    }

    private int count(String url, String text) throws Exception {
        return SkaldProcess.get(http, url).body().split(text, -1).length - 1;
    }

    /** Every querier shows all alerts, whoever evaluates them; when one is killed no group is left out for more than two intervals. */
    private void rulesGoOnWhenAQuerierIsKilled(List<String> queriers) throws Exception {
        for (String q : queriers) {
            await(
                    () -> count(q + "/prometheus/api/v1/rules", "\"health\":\"ok\"") == RULES
                            && count(q + "/prometheus/api/v1/alerts", "\"state\":\"firing\"") == RULES,
                    () -> "not all rules are evaluated");
            int own = count(q + "/skald/rules/statuses", "\"namespace\"");
            assertThat(own).as("groups of " + q).isBetween(1, RULES - 1);
        }
        await(() -> told().size() == RULES, () -> "told: " + told());
        processes.get("q1").kill();
        long killed = System.currentTimeMillis();
        await(
                () -> told().values().stream().allMatch(t -> t.last() > killed + INTERVAL_SECONDS * 500L),
                () -> "told: " + told());
        told().forEach((alert, times) -> {
            long before = times.headSet(killed, true).last();
            for (long t : times.tailSet(killed, false)) {
                assertThat(t - before).as("milliseconds without " + alert).isLessThan(2000L * INTERVAL_SECONDS);
                before = t;
            }
        });
        String left = queriers.getLast();
        assertThat(count(left + "/prometheus/api/v1/alerts", "\"state\":\"firing\""))
                .isEqualTo(RULES);
        await(() -> count(left + "/skald/rules/statuses", "\"namespace\"") == RULES, () -> "not all are taken over");
        assertThat(alerts.told).noneMatch(AlertSink.Told::resolved);
        assertThat(alerts.told.stream().map(t -> t.labels() + t.startsAt()).distinct())
                .as("one notification for each alert, however often it is repeated")
                .hasSize(RULES);
    }

    private void pause(double part) throws InterruptedException {
        TimeUnit.MILLISECONDS.sleep((long) (SECONDS * 1000 * part));
    }

    private String loaded() {
        return sent.get() + " lines sent, " + acknowledged().cardinality() + " acknowledged; answers: " + complete
                + " whole, " + partial + " partial, " + failed + " failed";
    }
}
