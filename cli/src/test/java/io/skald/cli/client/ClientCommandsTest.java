/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.skald.cli.CommandRun;
import io.skald.cli.ExitCode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ClientCommandsTest {
    private static final long T0 = 1_772_323_200_000_000_000L; // 2026-03-01T00:00:00Z

    private FakeLoki loki;

    @BeforeEach
    void start() throws IOException {
        loki = new FakeLoki();
    }

    @AfterEach
    void stop() {
        loki.close();
    }

    private String[] query(String... more) {
        List<String> args = new ArrayList<>(List.of(
                "query",
                "{a=\"b\"}",
                "--url",
                loki.url(),
                "--from",
                "2026-03-01T00:00:00Z",
                "--to",
                "2026-03-02T00:00:00Z"));
        args.addAll(List.of(more));
        return args.toArray(String[]::new);
    }

    private List<String> fill(long seed, int lines, int spread) {
        Random random = new Random(seed);
        List<Long> times = new ArrayList<>();
        for (int i = 0; i < lines; i++) {
            times.add(T0 + random.nextInt(spread));
        }
        times.sort(null);
        List<String> expected = new ArrayList<>();
        for (int i = 0; i < lines; i++) {
            loki.entries.add(new FakeLoki.Entry(times.get(i), "app" + random.nextInt(3), "line " + i));
            expected.add("line " + i);
        }
        return expected;
    }

    /** Pages meet without gap or repeat, also where many lines share a time at the edge of a page. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void pagesThroughTheServersLimit(long seed) {
        loki.maxEntries = 50;
        List<String> expected = fill(seed, 1000, 100);
        CommandRun all = CommandRun.of(query("-o", "raw"));
        assertThat(all.err()).as("seed " + seed).isEmpty();
        assertThat(all.lines()).as("seed " + seed).containsExactlyInAnyOrderElementsOf(expected);
        CommandRun newest = CommandRun.of(query("-o", "jsonl", "--limit", "333"));
        assertThat(newest.lines()).as("seed " + seed).hasSize(333).doesNotHaveDuplicates();
        assertThat(newest.lines().stream().map(l -> l.substring(0, l.indexOf("labels"))))
                .isSorted();
        assertThat(newest.err())
                .isEqualTo("skald query: only the newest 333 lines are shown, there are more; --limit 0 shows all\n");
        CommandRun oldest = CommandRun.of(query("-o", "jsonl", "--limit", "999", "--forward"));
        assertThat(oldest.lines()).hasSize(999).doesNotHaveDuplicates();
        assertThat(CommandRun.of(query("--limit", "1000")).err()).isEmpty();
    }

    @Test
    void limitsOnlyWhatATerminalShows() {
        fill(9, 1500, 1_000_000);
        assertThat(CommandRun.of(query()).lines()).hasSize(1500);
        CommandRun shown = CommandRun.onTerminal(query());
        assertThat(shown.lines()).hasSize(1000);
        assertThat(shown.lines().getLast()).contains("line 1499");
        assertThat(shown.err()).contains("only the newest 1000 lines are shown");
        assertThat(CommandRun.onTerminal(query("--limit", "0")).lines()).hasSize(1500);
    }

    @Test
    void saysWhenOneTimeHoldsMoreThanAPage() {
        loki.maxEntries = 10;
        fill(10, 11, 1);
        CommandRun run = CommandRun.of(query());
        assertThat(run.exitCode()).isEqualTo(ExitCode.FAILURE);
        assertThat(run.err()).contains("more than 10 lines at " + T0 + " ns");
    }

    @Test
    void showsTheServersMessage() {
        loki.fixed.put("/loki/api/v1/query_range", "parse error at line 1, col 3: syntax error");
        CommandRun run = CommandRun.of(query());
        assertThat(run.exitCode()).isEqualTo(ExitCode.FAILURE);
        assertThat(run.err())
                .isEqualTo("skald query: parse error at line 1, col 3: syntax error\n  {a=\"b\"}\n    ^\n");
        loki.fixed.put("/loki/api/v1/query_range", "parse error at line 7, col 3: syntax error");
        assertThat(CommandRun.of(query()).err())
                .isEqualTo("skald query: the server answered 400: parse error at line 7, col 3: syntax error\n");
    }

    @Test
    void saysWhenNobodyAnswers() {
        loki.close();
        CommandRun run = CommandRun.of(query());
        assertThat(run.exitCode()).isEqualTo(ExitCode.UNREACHABLE);
        assertThat(run.err())
                .isEqualTo("skald query: nothing answers at " + loki.url()
                        + ". Is 'skald run' running there? Say where with --url or SKALD_ADDR.\n");
    }

    @Test
    void printsSamplesAsATable() {
        String data = "{\"status\":\"success\",\"data\":{\"resultType\":\"%s\",\"result\":%s,\"stats\":{\"a\":[1]}}}";
        loki.fixed.put(
                "/loki/api/v1/query_range",
                data.formatted(
                        "matrix",
                        "[{\"metric\":{\"app\":\"a\"},\"values\":[[1772323200,\"1\"],[1772323260,\"12.5\"]]},"
                                + "{\"metric\":{},\"values\":[[1772323200.5,\"+Inf\"]]}]"));
        loki.fixed.put(
                "/loki/api/v1/query",
                data.formatted("vector", "[{\"metric\":{\"app\":\"a\\\"b\"},\"value\":[1772323200,\"7\"]}]"));
        assertThat(CommandRun.of(query("--step", "1m")).lines().stream().map(l -> l.substring(l.indexOf("  "))))
                .containsExactly("     1  {app=\"a\"}", "  12.5  {app=\"a\"}", "  +Inf  {}");
        assertThat(CommandRun.of(query("-o", "jsonl")).out())
                .startsWith("{\"timestamp\":\"2026-03-01T00:00:00Z\",\"metric\":{\"app\":\"a\"},\"value\":\"1\"}\n");
        assertThat(CommandRun.of(query("--instant")).out()).endsWith("  7  {app=\"a\\\"b\"}\n");
        assertThat(loki.requests.getFirst()).contains("step=1m").endsWith("tenant=null");
    }

    @Test
    void sendsTheTenant() {
        CommandRun.of(query("--tenant", "a|b"));
        assertThat(loki.requests.getFirst()).endsWith("tenant=a|b");
    }

    @Test
    void listsLabelsAndSeries() {
        loki.fixed.put("/loki/api/v1/labels", "{\"status\":\"success\",\"data\":[\"app\",\"env\"]}");
        loki.fixed.put("/loki/api/v1/label/app/values", "{\"status\":\"success\",\"data\":[\"x\"]}");
        loki.fixed.put(
                "/loki/api/v1/series", "{\"status\":\"success\",\"data\":[{\"b\":\"2\",\"a\":\"1\"},{\"a\":\"0\"}]}");
        assertThat(CommandRun.of("labels", "--url", loki.url()).out()).isEqualTo("app\nenv\n");
        assertThat(CommandRun.of("labels", "app", "--url", loki.url()).out()).isEqualTo("x\n");
        assertThat(CommandRun.of("series", "{a=~\".+\"}", "--url", loki.url()).out())
                .isEqualTo("{a=\"0\"}\n{a=\"1\", b=\"2\"}\n");
        assertThat(CommandRun.of("series", "{a=~\".+\"}", "-o", "jsonl", "--url", loki.url())
                        .out())
                .isEqualTo("{\"a\":\"0\"}\n{\"a\":\"1\",\"b\":\"2\"}\n");
    }

    @Test
    void saysHowMuchThereIs() {
        loki.fixed.put("/loki/api/v1/index/stats", "{\"streams\":2,\"chunks\":3,\"entries\":1500,\"bytes\":12897485}");
        assertThat(CommandRun.of("stats", "{a=\"b\"}", "--url", loki.url()).lines())
                .containsExactly("streams  2", "chunks   3", "entries  1500", "bytes    12.3MB");
        assertThat(CommandRun.of("stats", "{a=\"b\"}", "-o", "jsonl", "--url", loki.url())
                        .out())
                .isEqualTo("{\"streams\":2,\"chunks\":3,\"entries\":1500,\"bytes\":12897485}\n");
        loki.fixed.put(
                "/loki/api/v1/index/volume",
                "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":["
                        + "{\"metric\":{\"app\":\"x\"},\"value\":[1772323200,\"2048\"]},"
                        + "{\"metric\":{\"app\":\"y\"},\"value\":[1772323200,\"7\"]}]}}");
        assertThat(CommandRun.of("stats", "{a=\"b\"}", "--by", "app,env", "--limit", "2", "--url", loki.url())
                        .lines())
                .containsExactly("     2.0KB  {app=\"x\"}", "        7B  {app=\"y\"}");
        assertThat(loki.requests.getLast()).contains("targetLabels=app,env", "limit=2");
        CommandRun bad = CommandRun.of("stats", "{a=\"b\"}", "--limit", "0", "--url", loki.url());
        assertThat(bad.exitCode()).isEqualTo(ExitCode.USAGE);
        assertThat(bad.err()).contains("--limit: 0 is less than 1");
    }

    @Test
    void flushes() {
        loki.fixed.put(
                "/flush",
                "{\"tenants\":[\"fake\"],\"segments\":3,\"entries\":20,\"lineBytes\":2048,\"storedBytes\":512,\"seconds\":0.25}");
        CommandRun run = CommandRun.of("flush", "--url", loki.url());
        assertThat(run.out()).isEqualTo("flushed 20 entries (2.0KB) into 3 segments (512B) in 0.250 s\n");
        assertThat(loki.requests.getLast()).startsWith("/flush ");
    }
}
