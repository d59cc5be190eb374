/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.notify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import io.prometheus.client.CollectorRegistry;
import io.skald.core.config.RulesSettings;
import io.skald.core.config.SkaldConfig;
import io.skald.core.model.Labels;
import io.skald.core.model.TenantId;
import io.skald.querier.rules.eval.Outgoing;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NotificationsTest {
    private static final long T = 1_800_000_000_000_000_000L;

    @TempDir
    private Path dir;

    private final BlockingQueue<String> bodies = new LinkedBlockingQueue<>();
    private final AtomicInteger status = new AtomicInteger(200);
    private final CollectorRegistry registry = new CollectorRegistry();
    private HttpServer server;
    private String url;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", x -> {
            String auth = Objects.requireNonNullElse(x.getRequestHeaders().getFirst("Authorization"), "");
            int answer = status.get();
            bodies.add(answer + " " + x.getRequestURI().getPath() + " " + auth + " "
                    + new String(x.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
            x.sendResponseHeaders(answer, -1);
            x.close();
        });
        server.start();
        url = "http://127.0.0.1:" + server.getAddress().getPort();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private static RulesSettings settings(String rules) throws Exception {
        return SkaldConfig.parse("rules: {" + rules + "}", "test").rules();
    }

    private static Outgoing alert(String name, boolean resolved) {
        return new Outgoing(
                TenantId.DEFAULT,
                Labels.of("alertname", name, "app", "web"),
                Map.of("summary", "it is \"bad\""),
                T,
                T + 60_000_000_000L,
                resolved,
                "http://x/explore");
    }

    private String next() throws InterruptedException {
        return Objects.requireNonNull(bodies.poll(10, TimeUnit.SECONDS), "nothing came");
    }

    private double sample(String name) {
        Double v = registry.getSampleValue(
                name, new String[] {"receiver"}, new String[] {"alertmanager " + url.substring(7)});
        return v == null ? -1 : v;
    }

    @Test
    void alertmanagersGetAlertsAgainUntilTheyTakeThem() throws Exception {
        Path password = Files.writeString(dir.resolve("password"), "secret\n");
        RulesSettings s = settings("alertmanager_url: '" + url + "/am/', external_labels: [cluster=c1, app=other],"
                + " alertmanager_client: {basic_auth_username: u, basic_auth_password_file: " + password + "}");
        status.set(503);
        try (Notifications n = Notifications.open(s, "http://x", registry)) {
            assertThat(n.anybody()).isTrue();
            n.send(List.of(alert("A", false)));
            String body = "[{\"labels\":{\"alertname\":\"A\",\"app\":\"web\",\"cluster\":\"c1\"},"
                    + "\"annotations\":{\"summary\":\"it is \\\"bad\\\"\"},\"startsAt\":\"2027-01-15T08:00:00Z\","
                    + "\"endsAt\":\"2027-01-15T08:01:00Z\",\"generatorURL\":\"http://x/explore\"}]";
            assertThat(next()).isEqualTo("503 /am/api/v2/alerts Basic dTpzZWNyZXQ= " + body);
            assertThat(sample("skald_rules_notifications_queue_length")).isEqualTo(1);
            status.set(200);
            assertThat(next()).isEqualTo("200 /am/api/v2/alerts Basic dTpzZWNyZXQ= " + body);
            // what is refused for good is not sent again
            status.set(400);
            n.send(List.of(alert("B", false)));
            assertThat(next()).startsWith("400 ");
            status.set(200);
            n.send(List.of(alert("C", false)));
            assertThat(next()).contains("\"C\"").doesNotContain("\"B\"");
            assertThat(sample("skald_rules_notifications_dropped_total")).isEqualTo(1);
        }
        assertThat(sample("skald_rules_notifications_sent_total")).isEqualTo(2);
        assertThat(sample("skald_rules_notification_failures_total")).isEqualTo(2);
    }

    @Test
    void webhooksGetNewsOnly() throws Exception {
        Path token = Files.writeString(dir.resolve("token"), "t0k\n");
        RulesSettings s = settings("webhook: {url: '" + url + "/hook', client: {credentials_file: " + token + "}}");
        try (Notifications n = Notifications.open(s, "http://x", registry)) {
            n.send(List.of(alert("A", false)));
            n.send(List.of(alert("A", false)));
            n.send(List.of(alert("B", true)));
            assertThat(next())
                    .startsWith("200 /hook Bearer t0k {\"version\":\"4\",")
                    .contains("\"status\":\"firing\"");
            n.send(List.of(alert("A", true)));
            assertThat(next())
                    .contains("\"status\":\"resolved\"", "\"alertname\":\"A\"")
                    .doesNotContain("\"B\"");
            assertThat(bodies).isEmpty();
        }
    }

    @Test
    void relabellingChangesAndDrops() throws Exception {
        String[][] table = {
            {
                "- {source_labels: [app], regex: 'w(.*)', target_label: x, replacement: 'a$1-${1}$$'}",
                "{a=\"A\", app=\"web\", x=\"aeb-eb$\"}"
            },
            {"- {source_labels: [app, a], separator: '/', target_label: x}", "{a=\"A\", app=\"web\", x=\"web/A\"}"},
            {"- {source_labels: [app], regex: web, action: drop}", "null"},
            {"- {source_labels: [app], regex: we, action: keep}", "null"},
            {"- {regex: 'a', action: labeldrop}", "{app=\"web\"}"},
            {"- {regex: 'a', action: labelkeep}", "{a=\"A\"}"},
            {"- {regex: '(a.+)', action: labelmap, replacement: 'm_$1'}", "{a=\"A\", app=\"web\", m_app=\"web\"}"},
            {"- {source_labels: [a], target_label: a, action: lowercase}", "{a=\"a\", app=\"web\"}"},
            {"- {source_labels: [app], target_label: a, replacement: ''}", "{app=\"web\"}"},
            {
                "- {source_labels: [app], target_label: h, modulus: 8, action: hashmod}",
                "{a=\"A\", app=\"web\", h=\"" + hashOfWeb() + "\"}"
            },
        };
        for (String[] row : table) {
            assertThat(String.valueOf(AlertRelabelling.parse("f", row[0]).apply(Labels.of("a", "A", "app", "web"))))
                    .as(row[0])
                    .isEqualTo(row[1]);
        }
        assertThatThrownBy(() -> AlertRelabelling.parse("f", "- {actoin: drop}"))
                .hasMessage("f:1:4: unknown key 'actoin' in the relabel step; did you mean 'action'?");
    }

    private static String hashOfWeb() throws Exception {
        byte[] h = java.security.MessageDigest.getInstance("MD5").digest("web".getBytes(StandardCharsets.UTF_8));
        return Integer.toString(h[15] & 7);
    }

    @Test
    void addressesAreFoundByName() throws Exception {
        assertThat(Discovery.urls("http://a:9093, https://b/x"))
                .containsExactly(URI.create("http://a:9093"), URI.create("https://b/x"));
        assertThatThrownBy(() -> Discovery.urls("a:9093")).hasMessageContaining("'a:9093' is not an http or https URL");
        assertThat(Discovery.resolve(Discovery.urls("http://u:p@localhost:9093/am")))
                .contains(URI.create("http://u:p@127.0.0.1:9093/am"));
    }

    @Test
    void mailIsSent() throws Exception {
        try (MailServer smtp = new MailServer(null, "")) {
            RulesSettings s = settings("email: {smarthost: '127.0.0.1:" + smtp.port()
                    + "', from: skald@example.org, to: [ops@example.org, me@example.org], require_tls: false}");
            try (Notifications n = Notifications.open(s, "http://x", registry)) {
                n.send(List.of(alert("A", false)));
                String mail = Objects.requireNonNull(smtp.sessions.poll(10, TimeUnit.SECONDS));
                assertThat(mail)
                        .contains(
                                "MAIL FROM:<skald@example.org>",
                                "RCPT TO:<ops@example.org>",
                                "RCPT TO:<me@example.org>",
                                "Subject: [FIRING:1] A web",
                                "FIRING {alertname=\"A\", app=\"web\"}",
                                "  since 2027-01-15T08:00:00Z",
                                "  summary: it is \"bad\"",
                                "http://x/explore");
            }
        }
    }
}
