/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.skald.cli.CommandRun;
import io.skald.storage.file.FileSegmentStore;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Deletes and compaction over HTTP: gone for queries at once, and from storage afterwards. */
class MaintenanceIT {
    private static final long SECOND = 1_000_000_000L;

    @SuppressWarnings("NullAway.Init") // set by JUnit
    @TempDir
    Path dir;

    private final HttpClient http = HttpClient.newHttpClient();
    private final long now = System.currentTimeMillis() / 1000 * SECOND;
    private String url = "";

    private SkaldProcess.Reply send(String method, String pathAndQuery, String body) throws Exception {
        return SkaldProcess.send(
                http,
                HttpRequest.newBuilder(URI.create(url + pathAndQuery))
                        .header("Content-Type", "application/json")
                        .method(method, HttpRequest.BodyPublishers.ofString(body))
                        .build());
    }

    private void push(int from, int to) throws Exception {
        StringBuilder values = new StringBuilder();
        for (int i = from; i < to; i++) {
            values.append(i == from ? "" : ",")
                    .append("[\"" + (now - (900 - i) * SECOND) + "\",\"order " + i + " of user-" + i % 10 + "\"]");
        }
        String body = "{\"streams\":[{\"stream\":{\"app\":\"shop\"},\"values\":[" + values + "]}]}";
        assertThat(send("POST", "/loki/api/v1/push", body).status()).isEqualTo(204);
    }

    private String query(String q) throws Exception {
        return send(
                        "GET",
                        "/loki/api/v1/query_range?limit=2000&query=" + URLEncoder.encode(q, StandardCharsets.UTF_8)
                                + "&start=" + (now - 1000 * SECOND) + "&end=" + now,
                        "")
                .body();
    }

    private SkaldProcess.Reply delete(String q, String more) throws Exception {
        return send("POST", "/loki/api/v1/delete?query=" + URLEncoder.encode(q, StandardCharsets.UTF_8) + more, "");
    }

    @Test
    void whatIsDeletedIsGone() throws Exception {
        Files.writeString(dir.resolve("c.yaml"), "compaction: {delete_delay: 0s, interval: 1d}\n");
        Path data = dir.resolve("data");
        try (SkaldProcess skald = SkaldProcess.start(
                dir.resolve("out"),
                "run",
                "--http",
                "127.0.0.1:0",
                "--config",
                dir.resolve("c.yaml").toString(),
                "--data",
                data.toString())) {
            url = skald.awaitUrl();
            push(0, 300);
            assertThat(send("POST", "/flush", "").status()).isEqualTo(200);
            push(300, 600);
            refusals();
            assertThat(delete("{app=\"shop\"} |= \"user-7\"", "&start=" + (now / SECOND - 1000))
                            .status())
                    .isEqualTo(204);
            long answered = System.nanoTime();
            assertThat(query("{app=\"shop\"} |= \"user-7\"")).doesNotContain("user-7\"");
            assertThat((System.nanoTime() - answered) / 1e9).as("seconds").isLessThan(5);
            assertThat(query("sum(count_over_time({app=\"shop\"}[30m]))")).contains("\"540\"");
            // what comes later is not touched, also if it is the same
            push(17, 18);
            assertThat(query("{app=\"shop\"} |= \"user-7\"")).contains("order 17 of user-7");
            String list = send("GET", "/loki/api/v1/delete", "").body();
            assertThat(list)
                    .contains(
                            "\"status\":\"received\"",
                            "\"ingesters_left\":1",
                            "\"query\":\"{app=\\\"shop\\\"} |= \\\"user-7\\\"\"");
            String compacted = send("POST", "/skald/api/v1/compact", "").body();
            assertThat(compacted).contains("\"segmentsOut\":1", "\"deletedLines\":30", "\"entries\":541");
            assertThat(send("GET", "/loki/api/v1/delete", "").body())
                    .contains(
                            "\"status\":\"processed\"",
                            "\"deleted_lines\":60",
                            "\"segments_left\":0",
                            "\"ingesters_left\":0");
            assertThat(query("{app=\"shop\"} |= \"user-7\"")).contains("order 17 of user-7");
            assertThat(query("sum(count_over_time({app=\"shop\"}[30m]))")).contains("\"541\"");
            cancelling();
            backup(data);
        }
        // all that is left: what was compacted, and what was flushed for the backup and at the end
        try (FileSegmentStore store = FileSegmentStore.open(data.resolve("segments"))) {
            assertThat(store.list("")).hasSizeBetween(1, 3);
        }
    }

    /** While the server runs: what is in the write-ahead log is flushed first, and all of it is in the backup. */
    private void backup(Path data) throws Exception {
        push(600, 700);
        String place = dir.resolve("backups").toString();
        CommandRun made = CommandRun.of("backup", "--data", data.toString(), "--to", place, "--flush", url);
        assertThat(made.exitCode()).as(made.err()).isZero();
        assertThat(made.out()).contains("tenant fake: ", "; copied ");
        assertThat(CommandRun.of("compact", "--url", url).out()).contains("compacted ", " entries; ");
        CommandRun again = CommandRun.of("backup", "--data", data.toString(), "--to", place, "--keep", "1");
        assertThat(again.out()).contains("; copied ", "removed backup ");
        assertThat(CommandRun.of("restore", "--from", place, "--list").lines()).hasSize(1);
        assertThat(CommandRun.of("restore", "--from", place, "--check").out()).contains("all of it is whole");
        String restored = dir.resolve("restored").toString();
        CommandRun back = CommandRun.of("restore", "--from", place, "--data", restored);
        assertThat(back.exitCode()).as(back.err()).isZero();
        CommandRun whole = CommandRun.of("fsck", "--read", "--data", restored);
        assertThat(whole.out()).contains(" 0 problems, 0 objects in no commit");
        assertThat(CommandRun.of("restore", "--from", place, "--data", data.toString())
                        .err())
                .contains("is in use by process");
        assertThat(CommandRun.of("backup", "--data", data.toString(), "--to", place, "--flush", "http://127.0.0.1:1")
                        .exitCode())
                .isEqualTo(3);
        answersAlike(Path.of(restored));
    }

    private void answersAlike(Path restored) throws Exception {
        List<String> queries = List.of(
                "{app=\"shop\"} |= \"user-7\"",
                "{app=\"shop\"}",
                "sum(count_over_time({app=\"shop\"}[30m]))",
                "sum by (app) (bytes_over_time({app=\"shop\"} |= \"order\" [10m]))");
        List<String> before = new ArrayList<>();
        for (String q : queries) {
            before.add(result(query(q)));
        }
        String server = url;
        try (SkaldProcess other = SkaldProcess.start(
                dir.resolve("out2"), "run", "--http", "127.0.0.1:0", "--data", restored.toString())) {
            url = other.awaitUrl();
            for (int i = 0; i < queries.size(); i++) {
                assertThat(result(query(queries.get(i)))).as(queries.get(i)).isEqualTo(before.get(i));
            }
        } finally {
            url = server;
        }
    }

    /** An answer without its statistics. */
    private static String result(String answer) {
        int stats = answer.indexOf("\"stats\"");
        assertThat(stats).as(answer).isPositive();
        return answer.substring(0, stats);
    }

    private void refusals() throws Exception {
        String start = "&start=" + (now / SECOND - 1000);
        assertThat(delete("{app=\"shop\"}", "").body()).contains("start time not set");
        assertThat(delete("", start).body()).contains("query not set");
        assertThat(delete("rate({app=\"shop\"}[1m])", start).body()).contains("only log selector is supported");
        assertThat(delete("{app=\"shop\"}", start + "&end=" + (now / SECOND + 3600))
                        .body())
                .contains("deletes in the future are not allowed");
        assertThat(delete("{app=\"shop\"}", start + "&end=" + (now / SECOND - 2000))
                        .body())
                .contains("start time can't be greater than end time");
        assertThat(delete("{app=\"shop\"}", "&start=soon").body())
                .contains("invalid start time: require unix seconds or RFC3339 format");
        assertThat(delete("{app=\"shop\"}", start + "&max_interval=x").status()).isEqualTo(400);
        SkaldProcess.Reply unknown = send("DELETE", "/loki/api/v1/delete?request_id=x", "");
        assertThat(unknown.status()).isEqualTo(404);
        assertThat(unknown.body()).contains("could not find delete request with given id");
    }

    private void cancelling() throws Exception {
        assertThat(delete("{app=\"shop\"} |= \"user-3\"", "&start=" + (now / SECOND - 1000))
                        .status())
                .isEqualTo(204);
        assertThat(query("{app=\"shop\"} |= \"user-3\"")).doesNotContain("user-3\"");
        Matcher ids = Pattern.compile("\"request_id\":\"([0-9a-f]+)\"")
                .matcher(send("GET", "/loki/api/v1/delete", "").body());
        assertThat(ids.find()).isTrue();
        String done = ids.group(1);
        assertThat(ids.find()).isTrue();
        String waiting = ids.group(1);
        assertThat(send("DELETE", "/loki/api/v1/delete?request_id=" + done, "").body())
                .contains("already processed is not allowed");
        assertThat(send("DELETE", "/loki/api/v1/delete?request_id=" + waiting, "")
                        .status())
                .isEqualTo(204);
        assertThat(query("{app=\"shop\"} |= \"user-3\"")).contains("order 3 of user-3");
    }
}
