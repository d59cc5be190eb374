/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rules against a real Alertmanager and a real Prometheus. */
class RulesIT {
    private static final Pattern ACTIVE_AT = Pattern.compile("\"activeAt\":\"([^\"]+)\"");
    private static final Pattern STARTS_AT = Pattern.compile("\"startsAt\":\"([^\"]+)\"");
    private static final Pattern SAMPLE = Pattern.compile("\\[(\\d+(?:\\.\\d+)?),\"([^\"]+)\"\\]");

    @TempDir
    private Path dir;

    private final HttpClient http = HttpClient.newHttpClient();

    @AfterEach
    void close() {
        http.close();
    }

    private SkaldProcess skald(String rules) throws Exception {
        Path config = Files.writeString(
                dir.resolve("skald.yaml"),
                "data_dir: " + dir.resolve("data")
                        + "\nhttp: {listen: '127.0.0.1:0'}\nrules:\n  evaluation_interval: 1s\n" + rules);
        return SkaldProcess.start(dir.resolve("logs"), "run", "--config", config.toString());
    }

    private void push(String url, int n, String line) throws Exception {
        StringBuilder values = new StringBuilder();
        long now = System.currentTimeMillis() * 1_000_000;
        for (int i = 0; i < n; i++) {
            values.append(i == 0 ? "" : ",")
                    .append("[\"")
                    .append(now - n + i)
                    .append("\",\"")
                    .append(line)
                    .append(i)
                    .append("\"]");
        }
        SkaldProcess.Reply r = SkaldProcess.send(
                http,
                HttpRequest.newBuilder(URI.create(url + "/loki/api/v1/push"))
                        .header("Content-Type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString(
                                "{\"streams\":[{\"stream\":{\"app\":\"it\"},\"values\":[" + values + "]}]}"))
                        .build());
        assertThat(r.status()).isEqualTo(204);
    }

    private void rules(String url, String group) throws Exception {
        SkaldProcess.Reply r = SkaldProcess.send(
                http,
                HttpRequest.newBuilder(URI.create(url + "/loki/api/v1/rules/it"))
                        .POST(HttpRequest.BodyPublishers.ofString(group))
                        .build());
        assertThat(r.status()).as(r.body()).isEqualTo(202);
    }

    /** Asks until the answer is as wanted. */
    private String await(String url, Predicate<String> wanted) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        String body = "";
        while (System.nanoTime() < deadline) {
            body = SkaldProcess.get(http, url).body();
            if (wanted.test(body)) {
                return body;
            }
            TimeUnit.MILLISECONDS.sleep(20);
        }
        throw new AssertionError(url + " answers " + body);
    }

    private static String activeAt(String body) {
        Matcher m = ACTIVE_AT.matcher(body);
        assertThat(m.find()).as(body).isTrue();
        return m.group(1);
    }

    @Test
    void alertsReachAlertmanagerAndOutliveAKill() throws Exception {
        Program.assumeInstalled("prometheus-alertmanager");
        try (Program am = Program.alertmanager(dir, Program.freePort())) {
            String config = "  alertmanager_url: " + am.url + "\n  external_labels: [cluster=it]\n";
            String alerts = am.url + "/api/v2/alerts";
            String active;
            try (SkaldProcess skald = skald(config)) {
                String url = skald.awaitUrl();
                rules(url, """
                        name: g
                        interval: 1s
                        rules:
                          - alert: Burst
                            expr: 'sum by (app) (count_over_time({app="it"} |= "error" [3s])) > 3'
                            labels: {severity: page}
                            annotations: {summary: '{{ $labels.app }} {{ $value }} {{ .Samples }}'}
                            samples: 2
                          - alert: Long
                            expr: 'sum(count_over_time({app="it"} |= "error" [1h])) > 3'
                            for: 3s
                        """);
                await(url + "/prometheus/api/v1/rules", b -> b.contains("\"health\":\"ok\""));
                push(url, 5, "error ");
                long pushed = System.nanoTime();
                String alert = await(alerts, b -> b.contains("\"alertname\":\"Burst\""));
                double seconds = (System.nanoTime() - pushed) / 1e9;
                // one interval and a second
                assertThat(seconds).as("seconds until Alertmanager has it").isLessThan(2);
                System.getLogger("RulesIT").log(System.Logger.Level.INFO, "alert after " + seconds + " s");
                assertThat(alert)
                        .contains(
                                "\"app\":\"it\"",
                                "\"cluster\":\"it\"",
                                "\"severity\":\"page\"",
                                "\"summary\":\"it 5 error 4\\nerror 3\"",
                                "\"samples\":\"error 4\\nerror 3\"",
                                "\"explore\":\"http://127.0.0.1:",
                                "\"generatorURL\":\"http://127.0.0.1:");
                active = activeAt(await(url + "/prometheus/api/v1/alerts", b -> b.contains("\"state\":\"pending\"")));
                skald.kill();
            }
            try (SkaldProcess skald = skald(config)) {
                String url = skald.awaitUrl();
                String shown = await(url + "/prometheus/api/v1/alerts", b -> b.contains("\"activeAt\""));
                assertThat(activeAt(shown)).isEqualTo(active);
                String told = await(alerts, b -> b.contains("\"alertname\":\"Long\""));
                Matcher starts = STARTS_AT.matcher(told);
                assertThat(starts.find()).as(told).isTrue();
                // the clock of "for" went on while nothing ran
                assertThat(Instant.parse(starts.group(1)))
                        .isBetween(Instant.parse(active).plusSeconds(3), Instant.now());
                // what fired before the kill resolves: Alertmanager lists it no more
                await(alerts, b -> !b.contains("\"alertname\":\"Burst\""));
                assertThat(skald.stop()).isZero();
            }
        }
    }

    @Test
    void recordedSeriesReachPrometheusThroughRestartsOfEither() throws Exception {
        Program.assumeInstalled("prometheus");
        int port = Program.freePort();
        String query = "http://127.0.0.1:" + port + "/api/v1/query?query=";
        String config = "  remote_write: {url: 'http://127.0.0.1:" + port + "/api/v1/write'}\n";
        long begun = System.currentTimeMillis() / 1000;
        try (Program first = Program.prometheus(dir, port)) {
            try (SkaldProcess skald = skald(config)) {
                String url = skald.awaitUrl();
                push(url, 7, "line ");
                rules(url, """
                        name: r
                        interval: 1s
                        rules:
                          - record: it:lines:count1h
                            expr: 'sum by (app) (count_over_time({app="it"}[1h]))'
                        """);
                await(query + "it:lines:count1h", b -> b.contains("\"7\""));
                assertThat(SkaldProcess.get(http, url + "/skald/rules/metrics").body())
                        .contains("# TYPE it:lines:count1h untyped\nit:lines:count1h{app=\"it\"} 7.0 ");
                first.kill();
                push(url, 3, "more ");
                await(url + "/skald/rules/metrics", b -> b.contains("} 10.0 "));
                await(
                        url + "/metrics",
                        b -> b.contains("skald_rules_remote_write_failures_total ")
                                && !b.contains("skald_rules_remote_write_failures_total 0"));
                // what it could not send is on disk
                skald.kill();
            }
            try (Program second = Program.prometheus(dir, port);
                    SkaldProcess skald = skald(config)) {
                String url = skald.awaitUrl();
                push(url, 1, "last ");
                await(query + "it:lines:count1h", b -> b.contains("\"11\""));
                long now = System.currentTimeMillis() / 1000;
                String range = SkaldProcess.get(
                                http,
                                second.url + "/api/v1/query?query="
                                        + URLEncoder.encode(
                                                "it:lines:count1h[" + (now - begun + 5) + "s]", StandardCharsets.UTF_8))
                        .body();
                TreeMap<Double, String> samples = new TreeMap<>();
                Matcher m = SAMPLE.matcher(range);
                while (m.find()) {
                    samples.put(Double.parseDouble(m.group(1)), m.group(2));
                }
                assertThat(samples.values().stream().distinct()).as(range).containsExactly("7", "10", "11");
                assertThat(samples.values()).filteredOn("10"::equals).hasSizeGreaterThanOrEqualTo(1);
            }
        }
    }
}
