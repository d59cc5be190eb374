/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.prometheus.client.CollectorRegistry;
import io.skald.core.config.Limits;
import io.skald.core.http.HttpServer;
import io.skald.core.http.HttpServerConfig;
import io.skald.core.model.Labels;
import io.skald.core.model.TenantId;
import io.skald.querier.rules.eval.ActiveAlert;
import io.skald.querier.rules.eval.GroupStatus;
import io.skald.querier.rules.store.GroupKey;
import io.skald.querier.rules.store.RuleCatalog;
import io.skald.querier.rules.store.RuleFiles;
import io.skald.querier.rules.store.RuleStore;
import io.skald.storage.memory.MemoryIndexStore;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole API over HTTP, as lokitool and Grafana ask. */
class RulesApiTest {
    private static final String ACCEPTED = "{\"status\":\"success\",\"data\":null,\"errorType\":\"\",\"error\":\"\"}";
    private static final String GROUP = """
            name: errors
            interval: 30s
            rules:
              - alert: Errors
                expr: "sum by (app) (rate({env=\"prod\"}[5m])) > 1"
                for: 1m
                labels:
                  severity: page
                annotations:
                  summary: "{{ $labels.app }}"
              - record: app:lines
                expr: "sum by (app) (rate({env=\"prod\"}[5m]))"
            """.replace("=\"prod\"", "=\\\"prod\\\"");

    @TempDir
    private Path dir;

    private final Map<GroupKey, GroupStatus> statuses = new HashMap<>();
    private final AtomicInteger changes = new AtomicInteger();
    private final HttpClient http = HttpClient.newHttpClient();
    private HttpServer server;
    private RuleCatalog catalog;

    @BeforeEach
    void start() throws Exception {
        Files.writeString(dir.resolve("file.yaml"), "groups:\n- {name: fixed, rules: [{alert: F, expr: '1'}]}\n");
        catalog = new RuleCatalog(new RuleStore(new MemoryIndexStore()), new RuleFiles(dir), t -> Limits.DEFAULTS);
        server = new HttpServer(HttpServerConfig.of("127.0.0.1", 0), new CollectorRegistry());
        RulesApi.register(server, catalog, t -> statuses, changes::incrementAndGet, Duration.ofMinutes(1), true);
        server.start();
    }

    @AfterEach
    void stop() {
        server.close();
        http.close();
    }

    private record Answer(int status, String type, String body) {}

    private Answer ask(String method, String path, String body) throws Exception {
        HttpResponse<String> r = http.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path))
                        .method(method, HttpRequest.BodyPublishers.ofString(body))
                        .header("X-Scope-OrgID", "fake")
                        .header("Content-Type", "application/yaml")
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        return new Answer(r.statusCode(), r.headers().firstValue("Content-Type").orElse(""), r.body());
    }

    @Test
    void groupsAreWrittenReadAndRemovedUnderEveryName() throws Exception {
        for (String base : List.of("/loki/api/v1/rules", "/api/prom/rules", "/api/v1/rules")) {
            assertThat(ask("GET", base, ""))
                    .isEqualTo(new Answer(404, "text/plain; charset=utf-8", "no rule groups found"));
            assertThat(ask("POST", base + "/a%2Fb%20c", GROUP).status()).isEqualTo(202);
            assertThat(ask("POST", base + "/a%2Fb%20c", GROUP).body()).isEqualTo(ACCEPTED);
            assertThat(ask("GET", base + "/a%2Fb%20c/errors", ""))
                    .isEqualTo(new Answer(200, "application/yaml", GROUP));
            String listed = "a/b c:\n  - " + GROUP.strip().replace("\n", "\n    ") + "\n";
            assertThat(ask("GET", base, "").body()).isEqualTo(listed);
            assertThat(ask("GET", base + "/a%2Fb%20c", "").body()).isEqualTo(listed);
            assertThat(ask("GET", base + "/other", "").status()).isEqualTo(404);
            assertThat(ask("DELETE", base + "/a%2Fb%20c/errors", ""))
                    .isEqualTo(new Answer(202, "application/json; charset=UTF-8", ACCEPTED));
            assertThat(ask("POST", base + "/ns", GROUP).status()).isEqualTo(202);
            assertThat(ask("DELETE", base + "/ns", "").status()).isEqualTo(202);
        }
        assertThat(changes).hasValue(15);
    }

    @Test
    void refusalsSayWhatIsWrong() throws Exception {
        catalog.reload();
        String base = "/loki/api/v1/rules";
        String[][] table = {
            {"GET", base + "/ns/none", "", "404", "group does not exist"},
            {"DELETE", base + "/ns/none", "", "404", "group does not exist"},
            {"DELETE", base + "/ns", "", "404", "group namespace does not exist"},
            {"POST", base + "/ns", "", "400", "rule group: no rule group: the text is empty"},
            {
                "POST",
                base + "/ns",
                "name: [",
                "400",
                "rule group:1:8: not YAML: expected the node content, but found '<stream end>'"
            },
            {
                "POST",
                base + "/ns",
                "name: x\nrulse: []",
                "400",
                "rule group:2:1: unknown key 'rulse' in the group; did you mean 'rules'?"
            },
            {
                "POST",
                base + "/ns",
                "name: x\nrules:\n- {alert: A, expr: 'rate({a=\"b\"}[5m]'}",
                "400",
                "rule group:3:20: group 'x', rule 1: expr: parse error at line 1, col 17: syntax error: unexpected $end, expecting"
            },
            {
                "POST",
                base + "/file.yaml",
                "name: fixed",
                "400",
                "rule group 'fixed' in namespace 'file.yaml' comes from the file"
            },
            {
                "DELETE",
                base + "/file.yaml/fixed",
                "",
                "400",
                "rule group 'fixed' in namespace 'file.yaml' comes from the file"
            },
            {
                "POST",
                base + "/ns",
                "name: x\nrules:\n- {alert: A, expr: '1', labels: {a: '{{ nope }}'}}",
                "400",
                "group 'x', alert 'A': template: __alert_A:1: function \"nope\" not defined"
            },
            {"PUT", base + "/ns", "", "405", ""},
            {"GET", base + "/none", "", "404", "no rule groups found"},
            {"GET", "/api/prom/rules/ns/none", "", "404", "group does not exist"},
            {"DELETE", "/api/v1/rules/ns/none", "", "404", "group does not exist"},
            {"POST", base, "name: x\nrules: [{alert: A, expr: '1'}]", "405", ""},
            {"POST", base + "/ns/g", "name: g\nrules: [{alert: A, expr: '1'}]", "405", ""},
            {"POST", base + "/ns", "rules: [{alert: A, expr: '1'}]", "400", "rule group:1:1: the group: name is missing"
            },
            {
                "POST",
                base + "/ns",
                "groups: [{name: x, rules: []}]",
                "400",
                "rule group:1:1: unknown key 'groups' in the group; valid keys: name, interval,"
            },
            {
                "POST",
                base + "/ns",
                "name: x\ninterval: soon\nrules: [{alert: A, expr: '1'}]",
                "400",
                "rule group:2:11: the group: interval: 'soon' is not a duration (write it as 15m, 7d or 1h30m)"
            },
            {
                "POST",
                base + "/ns",
                "name: x\ninterval: 10ms\nrules: [{alert: A, expr: '1'}]",
                "400",
                "rule group:2:11: the group: interval must be at least 1s"
            },
            {
                "POST",
                base + "/ns",
                "name: x\nrules: [{alert: A, record: b, expr: '1'}]",
                "400",
                "rule group:2:9: group 'x', rule 1: only one of alert and record"
            },
            {
                "POST",
                base + "/ns",
                "name: x\nrules: [{expr: '1'}]",
                "400",
                "rule group:2:9: group 'x', rule 1: one of alert and record must be there"
            },
            {
                "POST",
                base + "/ns",
                "name: x\nrules: [{alert: A}]",
                "400",
                "rule group:2:9: group 'x', rule 1: expr is missing"
            },
            {
                "POST",
                base + "/ns",
                "name: x\nrules: [{record: a, expr: '1', for: 1m}]",
                "400",
                "rule group:2:37: group 'x', rule 1: for is for alert rules"
            },
            {
                "POST",
                base + "/ns",
                "name: x\nrules: [{record: 'a b', expr: '1'}]",
                "400",
                "rule group:2:18: group 'x', rule 1: invalid metric name 'a b'"
            },
            {
                "POST",
                base + "/ns",
                "name: x\nrules: [{alert: A, expr: '{a=\"b\"}'}]",
                "400",
                "rule group:2:26: group 'x', rule 1: expr must give numbers: wrap the log query in count_over_time("
            },
            {
                "POST",
                base + "/ns",
                "name: x\nrules: [{alert: A, expr: '1', labels: {'a b': c}}]",
                "400",
                "rule group:2:39: group 'x', rule 1: invalid name 'a b' in labels"
            },
            {
                "POST",
                base + "/ns",
                "name: x\nrules: [{alert: A, expr: 'rate({a=~\"(\"}[1m])'}]",
                "400",
                "rule group:2:26: group 'x', rule 1: expr: parse error : error parsing regexp: missing closing ): `(`"
            },
            {
                "POST",
                base + "/n%0As",
                "name: x\nrules: [{alert: A, expr: '1'}]",
                "400",
                "a line feed in the name of a namespace or group"
            },
            {
                "POST",
                base + "/" + "n".repeat(1001),
                "name: x\nrules: [{alert: A, expr: '1'}]",
                "400",
                "names of namespace and group together are longer than 1000 characters"
            },
        };
        for (String[] row : table) {
            Answer a = ask(row[0], row[1], row[2]);
            assertThat(a.status())
                    .as(row[0] + " " + row[1] + " " + row[2] + ": " + a.body())
                    .isEqualTo(Integer.parseInt(row[3]));
            assertThat(a.body()).startsWith(row[4]);
        }
        HttpResponse<String> anonymous = http.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + base))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        assertThat(anonymous.statusCode()).isEqualTo(401);
        assertThat(anonymous.body()).isEqualTo("no org id");
    }

    @Test
    void rulesAndAlertsAreShownAsPrometheusDoes() throws Exception {
        catalog.reload();
        ask("POST", "/loki/api/v1/rules/ns", GROUP);
        ActiveAlert firing = new ActiveAlert(
                Labels.of("app", "web"),
                Labels.of("alertname", "Errors", "app", "web", "severity", "page"),
                Map.of("summary", "web"),
                ActiveAlert.State.FIRING,
                12.5,
                1_800_000_000_000_000_000L,
                1_800_000_060_000_000_000L,
                0,
                0);
        statuses.put(
                new GroupKey(TenantId.DEFAULT, "ns", "errors"),
                new GroupStatus(
                        1_800_000_060_000_000_000L,
                        0.25,
                        List.of(
                                new GroupStatus.RuleStatus(1_800_000_060_000_000_000L, 0.125, "", List.of(firing)),
                                new GroupStatus.RuleStatus(1_800_000_060_000_000_000L, 0.125, "it broke", List.of()))));
        String alert = "{\"labels\":{\"alertname\":\"Errors\",\"app\":\"web\",\"severity\":\"page\"},"
                + "\"annotations\":{\"summary\":\"web\"},\"state\":\"firing\",\"activeAt\":\"2027-01-15T08:00:00Z\","
                + "\"value\":\"1.25e+01\"}";
        String fixed = "{\"name\":\"fixed\",\"file\":\"file.yaml\",\"rules\":[{\"state\":\"inactive\",\"name\":\"F\","
                + "\"query\":\"1\",\"duration\":0,\"keepFiringFor\":0,\"labels\":{},\"annotations\":{},\"alerts\":[],"
                + "\"health\":\"unknown\",\"lastError\":\"\",\"evaluationTime\":0.0,"
                + "\"lastEvaluation\":\"0001-01-01T00:00:00Z\",\"type\":\"alerting\"}],\"interval\":60,\"limit\":0,"
                + "\"evaluationTime\":0.0,\"lastEvaluation\":\"0001-01-01T00:00:00Z\",\"readOnly\":true}";
        String query = "sum by (app) (rate({env=\\\"prod\\\"}[5m]))";
        String head = "{\"name\":\"errors\",\"file\":\"ns\",\"rules\":[";
        String alerting = "{\"state\":\"firing\",\"name\":\"Errors\",\"query\":\"" + query
                + " > 1\",\"duration\":60,\"keepFiringFor\":0,\"labels\":{\"severity\":\"page\"},"
                + "\"annotations\":{\"summary\":\"{{ $labels.app }}\"},\"alerts\":[%s],\"health\":\"ok\","
                + "\"lastError\":\"\",\"evaluationTime\":0.125,\"lastEvaluation\":\"2027-01-15T08:01:00Z\","
                + "\"type\":\"alerting\"}";
        String recording = "{\"name\":\"app:lines\",\"query\":\"" + query
                + "\",\"labels\":{},\"health\":\"err\",\"lastError\":\"it broke\",\"evaluationTime\":0.125,"
                + "\"lastEvaluation\":\"2027-01-15T08:01:00Z\",\"type\":\"recording\"}";
        String tail =
                "],\"interval\":30,\"limit\":0,\"evaluationTime\":0.25,\"lastEvaluation\":\"2027-01-15T08:01:00Z\"}";
        String alertingFull = alerting.formatted(alert);
        String all = head + alertingFull + "," + recording + tail;
        String onlyAlert = head + alertingFull + tail;
        String[][] table = {
            {"", fixed + "," + all},
            {"?type=alert", fixed + "," + onlyAlert},
            {"?type=record", head + recording + tail},
            {"?rule_name[]=Errors&rule_name[]=x", onlyAlert},
            {"?rule_group[]=errors", all},
            {"?file[]=file.yaml", fixed},
            {"?file[]=ns&exclude_alerts=true", head + alerting.formatted("") + "," + recording + tail},
            {"?match[]=%7Bseverity%3D%22page%22%7D", onlyAlert},
            {"?match[]=%7Bseverity%3D%22x%22%7D", ""},
        };
        for (String[] row : table) {
            Answer a = ask(
                    "GET",
                    "/prometheus/api/v1/rules" + row[0].replace("[", "%5B").replace("]", "%5D"),
                    "");
            assertThat(a.status()).isEqualTo(200);
            assertThat(a.body())
                    .as(row[0])
                    .isEqualTo("{\"status\":\"success\",\"data\":{\"groups\":[" + row[1]
                            + "]},\"errorType\":\"\",\"error\":\"\"}");
        }
        assertThat(ask("GET", "/prometheus/api/v1/alerts", "").body())
                .isEqualTo("{\"status\":\"success\",\"data\":{\"alerts\":[" + alert
                        + "]},\"errorType\":\"\",\"error\":\"\"}");
        assertThat(ask("GET", "/prometheus/api/v1/rules?type=x", ""))
                .isEqualTo(new Answer(
                        400,
                        "application/json; charset=UTF-8",
                        "{\"status\":\"error\",\"data\":null,\"errorType\":\"bad_data\","
                                + "\"error\":\"not supported value \\\"x\\\" for parameter \\\"type\\\"\"}"));
        assertThat(ask("GET", "/prometheus/api/v1/rules?exclude_alerts=maybe", "")
                        .status())
                .isEqualTo(400);
        assertThat(ask("GET", "/prometheus/api/v1/rules?match%5B%5D=%7Ba%3D", "")
                        .body())
                .contains("invalid parameter \\\"match[]\\\": parse error at line 1, col 4");
    }

    @Test
    void numbersAreWrittenAsGoDoes() {
        double[] in = {0, 1, 12.5, 0.25, -3, 1e21, 123456789, 1e-7, Double.NaN, Double.POSITIVE_INFINITY};
        String[] out = {
            "0e+00", "1e+00", "1.25e+01", "2.5e-01", "-3e+00", "1e+21", "1.23456789e+08", "1e-07", "NaN", "+Inf"
        };
        for (int i = 0; i < in.length; i++) {
            assertThat(GoFloat.exponent(in[i])).isEqualTo(out[i]);
        }
    }
}
