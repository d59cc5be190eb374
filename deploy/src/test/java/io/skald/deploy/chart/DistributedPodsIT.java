/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.deploy.chart;

import static io.skald.deploy.chart.Rendered.at;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.ServerSocket;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * The pods of {@code mode: distributed}, run for real: the table is made, an ingester takes lines, a querier finds them, before and after the
 * ingester has stored them and left. Needs a DynamoDB and an S3 with a bucket {@code logs}: {@code -Dskald.pods.stores=URL,URL}.
 */
@EnabledIfSystemProperty(named = "skald.pods.stores", matches = ".+")
class DistributedPodsIT {
    private static String values() {
        List<String> stores =
                List.of(System.getProperty("skald.pods.stores", "").split(",", 2));
        return "mode: distributed\naws: {bucket: logs, prefix: chart/, table: chart, region: us-east-1, dynamodbEndpoint: '"
                + stores.getFirst() + "', s3Endpoint: '" + stores.getLast()
                + "', s3PathStyle: true}\nserver: {extraEnv: &credentials [{name: AWS_ACCESS_KEY_ID, value: test}, "
                + "{name: AWS_SECRET_ACCESS_KEY, value: test}]}\nquerier: {extraEnv: *credentials}\n";
    }

    private static int freePort() throws Exception {
        try (ServerSocket s = new ServerSocket(0)) {
            return s.getLocalPort();
        }
    }

    private static Map<String, String> here(int port, int ingester) {
        return Map.of("0.0.0.0:3100", "127.0.0.1:" + port, "skald-headless.logs.svc:3100", "127.0.0.1:" + ingester);
    }

    @Test
    void ingesterAndQuerierServeOneStore() throws Exception {
        Rendered chart = Rendered.of(values());
        Map<String, Object> ingesters = chart.get("StatefulSet", "skald");
        int ingesterPort = freePort();
        int querierPort = freePort();
        String url = "http://127.0.0.1:" + ingesterPort;
        String querier = "http://127.0.0.1:" + querierPort;
        try (HttpClient http = HttpClient.newHttpClient();
                Pod init = Pod.startInit(chart, ingesters, Map.of())) {
            assertThat(init.awaitEnd()).as(init.log()).isZero();
            try (Pod ingester = Pod.start(chart, ingesters, here(ingesterPort, ingesterPort));
                    Pod asked = Pod.start(
                            chart, chart.get("Deployment", "skald-querier"), here(querierPort, ingesterPort))) {
                for (String probe : List.of("startupProbe", "readinessProbe", "livenessProbe")) {
                    ingester.await(url + at(ingester.container(), probe, "httpGet", "path"));
                    asked.await(querier + at(asked.container(), probe, "httpGet", "path"));
                }
                String now = Instant.now().toEpochMilli() + "000000";
                HttpRequest push = HttpRequest.newBuilder(URI.create(url + "/loki/api/v1/push"))
                        .header("Content-Type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString(
                                "{\"streams\":[{\"stream\":{\"app\":\"chart\"},\"values\":[[\"" + now
                                        + "\",\"a line\"]]}]}"))
                        .build();
                assertThat(http.send(push, HttpResponse.BodyHandlers.ofString()).statusCode())
                        .isEqualTo(204);
                found(http, querier);
                // the starter rules are evaluated by the querier
                assertThat(get(http, querier + "/prometheus/api/v1/rules")).contains("\"alerting\"");
                assertThat(ingester.stop()).as(ingester.log()).isZero();
                found(http, querier);
                assertThat(asked.stop()).as(asked.log()).isZero();
                assertThat(ingester.writtenOutsideOf("data", "tmp")).isEmpty();
                assertThat(asked.writtenOutsideOf("data", "tmp")).isEmpty();
            }
        }
    }

    private static String get(HttpClient http, String url) throws Exception {
        return http.send(HttpRequest.newBuilder(URI.create(url)).build(), HttpResponse.BodyHandlers.ofString())
                .body();
    }

    private static void found(HttpClient http, String querier) throws Exception {
        String query = URLEncoder.encode("{app=\"chart\"}", StandardCharsets.UTF_8);
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        String answer = "";
        while (!answer.contains("\"a line\"") || answer.contains("\"warnings\"")) {
            assertThat(System.nanoTime()).as(answer).isLessThan(deadline);
            answer = get(http, querier + "/loki/api/v1/query_range?query=" + query);
            TimeUnit.MILLISECONDS.sleep(50);
        }
    }
}
