/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.skald.cli.CommandRun;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What Loki does not have, asked of a process: extensions of the language, explain, parts of answers, export, patterns. */
class ExtensionsIT {
    private static final long SECOND = 1_000_000_000L;

    @TempDir
    private Path dir;

    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final long now = System.currentTimeMillis() / 1000 * SECOND;
    private String url = "";

    private SkaldProcess.Reply get(String path, String query, String more) throws IOException, InterruptedException {
        return SkaldProcess.get(
                http,
                url + path + "?query=" + URLEncoder.encode(query, StandardCharsets.UTF_8) + "&start="
                        + (now - 100 * SECOND) + "&end=" + (now + SECOND) + more);
    }

    private void push(int from, int to) throws Exception {
        StringBuilder values = new StringBuilder();
        for (int i = from; i < to; i++) {
            values.append(i == from ? "" : ",")
                    .append("[\"" + (now - (50 - i) * SECOND) + "\",\"user=u" + i % 4 + " n=" + i + " order " + i
                            + (i == 20 ? " lost" : " shipped") + "\"]");
        }
        HttpRequest r = HttpRequest.newBuilder(URI.create(url + "/loki/api/v1/push"))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(
                        "{\"streams\":[{\"stream\":{\"app\":\"it\"},\"values\":[" + values + "]}]}"))
                .build();
        assertThat(SkaldProcess.send(http, r).status()).isEqualTo(204);
    }

    @Test
    void beyondLoki() throws Exception {
        String config = "limits:\n  max_query_series: 3\n";
        Files.writeString(dir.resolve("c.yaml"), config);
        try (SkaldProcess skald = SkaldProcess.start(
                dir.resolve("out"),
                "run",
                "--http",
                "127.0.0.1:0",
                "--config",
                dir.resolve("c.yaml").toString(),
                "--data",
                dir.resolve("data").toString())) {
            url = skald.awaitUrl();
            push(0, 30);
            HttpRequest flush = HttpRequest.newBuilder(URI.create(url + "/flush"))
                    .POST(HttpRequest.BodyPublishers.noBody())
                    .build();
            assertThat(SkaldProcess.send(http, flush).status()).isBetween(200, 204);
            push(30, 50);
            language();
            patterns();
            explain();
            parts();
            export();
        }
    }

    private void language() throws Exception {
        String distinct = "{app=\"it\"} | logfmt | distinct user";
        SkaldProcess.Reply refused = get("/loki/api/v1/query_range", distinct, "");
        assertThat(refused.status()).isEqualTo(400);
        assertThat(refused.body()).contains("col 32: syntax error: unexpected IDENTIFIER");
        assertThat(get("/loki/api/v1/query_range", distinct, "&extensions=true").body())
                .contains("n=49 ", "n=48 ", "n=47 ", "n=46 ")
                .doesNotContain("n=45 ");
        assertThat(get("/loki/api/v1/query_range", "{app=\"it\"} | logfmt", "&distinct=user&direction=forward")
                        .body())
                .contains("n=0 ", "n=1 ", "n=2 ", "n=3 ")
                .doesNotContain("n=4 ");
        assertThat(get("/loki/api/v1/query_range", "{app=\"it\"} |= \"lost\"", "&context_before=1&context_after=2")
                        .body())
                .contains("n=19 ", "n=20 ", "n=21 ", "n=22 ")
                .doesNotContain("n=18 ", "n=23 ");
        assertThat(CommandRun.of("query", "{app=\"it\"} |= `lost` | context after 1", "-o", "raw", "--url", url)
                        .out())
                .isEqualTo("user=u0 n=20 order 20 lost\nuser=u1 n=21 order 21 shipped\n");
        assertThat(get("/loki/api/v1/query", "count(present_over_time({app=\"it\"}[5m]))", "&extensions=true")
                        .body())
                .contains("\"1\"]");
        assertThat(get("/loki/api/v1/query_range", distinct, "&extensions=yes").body())
                .isEqualTo("extensions must be true or false, not 'yes'");
    }

    private void patterns() throws Exception {
        SkaldProcess.Reply reply = get("/loki/api/v1/patterns", "{app=\"it\"}", "&step=10m");
        assertThat(reply.body())
                .contains("{\"pattern\":\"user=<_> n=<_> order <_> shipped\",\"level\":\"unknown\",\"samples\":[[");
    }

    private void explain() throws Exception {
        String query = "sum by (app) (count_over_time({app=\"it\"} |= \"order\" | logfmt | n >= 0 [1m]))";
        assertThat(get("/loki/api/v1/query_range", query, "&explain=plan").body())
                .contains(
                        "\"requirements\":[\"\\\"order\\\"\"]",
                        "\"segments\":{\"considered\":1,\"prunedByTime\":0}",
                        "\"recent\":{\"streams\":1,")
                .doesNotContain("analyze");
        assertThat(get("/loki/api/v1/query_range", query, "&explain=analyze").body())
                .contains(
                        "\"prunedByFilter\":",
                        "\"seconds\":{\"plan\":",
                        "{\"stage\":\"|= \\\"order\\\"\",\"linesIn\":50,\"linesOut\":50");
    }

    private void parts() throws Exception {
        String query = "sum by (user) (count_over_time({app=\"it\"} | logfmt [5m]))";
        assertThat(get("/loki/api/v1/query_range", query, "&step=60").status()).isEqualTo(400);
        String first =
                get("/loki/api/v1/query_range", query, "&step=60&partial=true").body();
        assertThat(first)
                .contains("u0", "u1", "u2", "\"warnings\":[\"maximum number of series (3) reached")
                .doesNotContain("u3");
        String cursor = first.replaceAll("(?s).*\"cursor\":\"([^\"]*)\".*", "$1");
        assertThat(get("/loki/api/v1/query_range", query, "&step=60&partial=true&cursor=" + cursor)
                        .body())
                .contains("u3")
                .doesNotContain("u2", "cursor", "warnings");
        assertThat(get("/loki/api/v1/query_range", query, "&partial=true&cursor=zzz")
                        .body())
                .isEqualTo("invalid cursor 'zzz'");
    }

    private void export() throws Exception {
        String[] lines = get("/skald/api/v1/export", "{app=\"it\"}", "").body().split("\n");
        assertThat(lines).hasSize(50);
        assertThat(lines[0]).contains("\"stream\":{\"app\":\"it\"", "\"line\":\"user=u0 n=0 order 0 shipped\"");
        String cursor = lines[9].replaceAll(".*\"cursor\":\"([^\"]*)\".*", "$1");
        String rest = get("/skald/api/v1/export", "{app=\"it\"}", "&format=raw&cursor=" + cursor)
                .body();
        assertThat(rest.split("\n")).hasSize(40).startsWith("user=u2 n=10 order 10 shipped");
        Path file = dir.resolve("export.log");
        CommandRun run = CommandRun.of(
                "export", "{app=\"it\"} |= \"order\"", "-o", "raw", "--file", file.toString(), "--url", url);
        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(Files.readAllLines(file)).hasSize(50).endsWith("user=u1 n=49 order 49 shipped");
        assertThat(get("/skald/api/v1/export", "{app=\"it\"}", "&cursor=1.2").body())
                .isEqualTo("invalid cursor '1.2'");
        assertThat(get("/skald/api/v1/export", "rate({app=\"it\"}[1m])", "").body())
                .isEqualTo("only log queries can be exported");
    }
}
