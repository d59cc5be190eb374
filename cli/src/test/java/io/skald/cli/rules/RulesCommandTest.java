/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.rules;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.skald.cli.CommandRun;
import io.skald.querier.rules.model.RuleGroup;
import io.skald.querier.rules.model.RuleYaml;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RulesCommandTest {
    private static final Path STARTER = Path.of("..", "charts", "skald", "rules");
    private static final String SHOP = """
            groups:
              - name: a
                rules: [{alert: A, expr: 'sum by (app) (count_over_time({app="x"}[5m])) > 1', annotations: {s: '{{ $value }}'}}]
              - name: b
                rules: [{record: b, expr: '1'}]
            """;

    @TempDir
    private Path dir;

    private final Map<String, Map<String, RuleGroup>> stored = new TreeMap<>();
    private HttpServer server;
    private String url;

    /** A rules API in the heap. */
    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/loki/api/v1/rules", this::answer);
        server.start();
        url = "http://127.0.0.1:" + server.getAddress().getPort();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private void answer(HttpExchange x) throws IOException {
        String[] parts = x.getRequestURI().getPath().split("/", -1);
        String ns = parts.length > 5 ? parts[5] : "";
        String group = parts.length > 6 ? parts[6] : "";
        int status = 202;
        String body = "{}";
        switch (x.getRequestMethod()) {
            case "POST" -> {
                RuleGroup g =
                        RuleYaml.parseGroup("g", new String(x.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
                stored.computeIfAbsent(ns, n -> new TreeMap<>()).put(g.name(), g);
            }
            case "DELETE" -> {
                Map<String, RuleGroup> there = stored.getOrDefault(ns, new TreeMap<>());
                boolean gone = group.isEmpty() ? stored.remove(ns) != null : there.remove(group) != null;
                if (there.isEmpty()) {
                    stored.remove(ns);
                }
                status = gone ? 202 : 404;
            }
            default -> {
                Map<String, List<RuleGroup>> all = new TreeMap<>();
                stored.forEach((n, groups) -> all.put(n, new ArrayList<>(groups.values())));
                RuleGroup one = stored.getOrDefault(ns, Map.of()).get(group);
                status = ns.isEmpty() ? all.isEmpty() ? 404 : 200 : one == null ? 404 : 200;
                body = ns.isEmpty() || one == null ? RuleYaml.write(all) : RuleYaml.write(one);
            }
        }
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        x.sendResponseHeaders(status, bytes.length);
        x.getResponseBody().write(bytes);
        x.close();
    }

    private CommandRun run(String... args) {
        List<String> all = new ArrayList<>(List.of("rules"));
        all.addAll(List.of(args));
        all.addAll(List.of("--url", url));
        return CommandRun.of(all.toArray(String[]::new));
    }

    @Test
    void filesAndServerAreKeptAlike() throws Exception {
        Path shop = Files.writeString(dir.resolve("shop.yaml"), SHOP);
        assertThat(run("list").lines()).isEmpty();
        assertThat(run("diff", shop.toString())).isEqualTo(new CommandRun(1, "+ shop/a\n+ shop/b\n", ""));
        assertThat(run("load", shop.toString()).lines()).containsExactly("+ shop/a", "+ shop/b");
        assertThat(run("diff", shop.toString())).isEqualTo(new CommandRun(0, "no differences\n", ""));
        assertThat(run("list").lines()).containsExactly("shop  a  1 rules", "shop  b  1 rules");
        assertThat(run("get", "shop", "b").out()).isEqualTo("name: b\nrules:\n  - record: b\n    expr: \"1\"\n");
        stored.computeIfAbsent("other", n -> new TreeMap<>()).put("o", RuleYaml.parseGroup("o", "name: o\nrules: []"));
        Files.writeString(shop, SHOP.replace("> 1'", "> 2'").replace("name: b", "name: c"));
        assertThat(run("diff", "--prune", dir.toString()).lines())
                .containsExactly("~ shop/a", "+ shop/c", "- other/o", "- shop/b");
        assertThat(run("sync", dir.toString()).lines()).containsExactly("~ shop/a", "+ shop/c", "- shop/b");
        assertThat(run("sync", dir.toString()).lines()).containsExactly("no differences");
        assertThat(stored).containsOnlyKeys("other", "shop");
        assertThat(run("sync", "--prune", dir.toString()).lines()).containsExactly("- other/o");
        assertThat(run("delete", "shop", "c").lines()).containsExactly("- shop/c");
        assertThat(run("delete", "shop", "c"))
                .isEqualTo(new CommandRun(1, "", "skald rules delete: no group 'c' in namespace 'shop'\n"));
        assertThat(run("delete", "shop").exitCode()).isZero();
        assertThat(run("get", "shop", "a").exitCode()).isEqualTo(1);
    }

    @Test
    void problemsAreShownWithTheirPlaces() throws Exception {
        Path bad = Files.writeString(
                dir.resolve("bad.yaml"),
                "groups:\n- name: a\n  rules:\n  - {alert: A, exp: '1'}\n  - {alert: B, expr: 'sum('}\n");
        CommandRun check = CommandRun.of("rules", "check", bad.toString());
        assertThat(check.exitCode()).isEqualTo(1);
        assertThat(check.err())
                .contains(
                        bad + ":4:16: unknown key 'exp' in group 'a', rule 1; did you mean 'expr'?",
                        bad + ":5:22: group 'a', rule 2: expr: parse error at line 1, col 5");
        Path template = Files.writeString(
                dir.resolve("template.yaml"),
                "groups:\n- name: a\n  rules:\n  - {alert: A, expr: '1', annotations: {x: '{{ .Labels.a '}}\n");
        assertThat(CommandRun.of("rules", "check", template.toString()).err())
                .contains(template + ": group 'a', alert 'A': template: __alert_A:1: unclosed action");
        assertThat(CommandRun.of("rules", "check", "nope.yaml").err()).contains("no such file: nope.yaml");
        assertThat(CommandRun.of("rules").exitCode()).isEqualTo(2);
    }

    @Test
    void testsOfRulesFail() throws Exception {
        Files.writeString(dir.resolve("shop.yaml"), SHOP);
        Path test = Files.writeString(dir.resolve("shop_test.yaml"), """
                rule_files: [shop.yaml]
                tests:
                  - name: wrong
                    lines: [{stream: '{app="x"}', line: 'l {{n}}', every: 10s, times: 3}]
                    alert_rule_test:
                      - {eval_time: 1m, alertname: A, exp_alerts: [{exp_labels: {app: y}}]}
                    logql_expr_test:
                      - {eval_time: 1m, expr: 'sum(count_over_time({app="x"}[5m]))', exp_samples: [{labels: '{}', value: 4}]}
                  - name: right
                    lines: [{stream: '{app="x"}', line: 'l {{n}}', every: 10s, times: 3}]
                    alert_rule_test:
                      - {eval_time: 1m, alertname: A, exp_alerts: [{exp_labels: {app: x}, exp_annotations: {s: '3'}}]}
                """);
        CommandRun r = CommandRun.of("rules", "test", test.toString());
        assertThat(r.exitCode()).isEqualTo(1);
        assertThat(r.lines())
                .containsExactly(
                        test + ": wrong: FAILED",
                        "    A at 1m: expected and not there: {app=y}",
                        "    A at 1m: there and not expected: {app=x} {s=3}",
                        "    sum(count_over_time({app=\"x\"}[5m])) at 1m: expected {{}=4.0}, got {{}=3.0}",
                        test + ": right: ok");
        assertThat(r.err()).isEqualTo("skald rules test: 1 of 2 tests failed\n");
        Files.writeString(
                test, "rule_files: [shop.yaml]\ntests: [{lines: [{strem: x}], alert_rule_test: [{alertname: Z}]}]");
        assertThat(CommandRun.of("rules", "test", test.toString()).err())
                .contains(":2:19: unknown key 'strem' in lines; did you mean 'stream'?", "no rule is called 'Z'");
    }

    /** The rules that come with the chart: they parse, and do what they say. */
    @Test
    void starterPackWorks() {
        assertThat(CommandRun.of("rules", "check", STARTER.toString()).lines())
                .containsExactly(STARTER.resolve("starter.yaml") + ": ok, 3 groups, 14 rules");
        CommandRun r = CommandRun.of("rules", "test", "src/test/resources/rules/starter_test.yaml");
        assertThat(r.exitCode()).as(r.out() + r.err()).isZero();
        assertThat(r.lines()).hasSize(7).allMatch(l -> l.endsWith(": ok"));
    }
}
