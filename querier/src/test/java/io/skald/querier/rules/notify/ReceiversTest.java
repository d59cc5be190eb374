/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.notify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsParameters;
import com.sun.net.httpserver.HttpsServer;
import io.prometheus.client.CollectorRegistry;
import io.skald.core.config.RulesSettings;
import io.skald.core.config.SkaldConfig;
import io.skald.core.http.TlsContexts;
import io.skald.core.model.Labels;
import io.skald.core.model.TenantId;
import io.skald.querier.rules.eval.Outgoing;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Receivers that ask who it is, over encrypted connections, and where they are found. */
class ReceiversTest {
    private static final long T = 1_800_000_000_000_000_000L;

    @TempDir
    private Path dir;

    private static Path pem(String name) throws URISyntaxException {
        return Path.of(
                Objects.requireNonNull(ReceiversTest.class.getResource(name)).toURI());
    }

    private static RulesSettings settings(String rules) throws Exception {
        return SkaldConfig.parse("rules: {" + rules + "}", "test").rules();
    }

    private static Outgoing alert(String name) {
        return new Outgoing(
                TenantId.DEFAULT, Labels.of("alertname", name), Map.of("summary", "bad"), T, T, false, "http://x");
    }

    /** An Alertmanager behind TLS; what it is shown goes to a queue. */
    private static HttpsServer alertmanager(boolean needsClient, BlockingQueue<String> got) throws Exception {
        HttpsServer server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        SSLContext tls = TlsContexts.server(pem("server.pem"), pem("server.key"), needsClient ? pem("ca.pem") : null);
        server.setHttpsConfigurator(new HttpsConfigurator(tls) {
            @Override
            public void configure(HttpsParameters p) {
                SSLParameters s = getSSLContext().getDefaultSSLParameters();
                s.setNeedClientAuth(needsClient);
                p.setSSLParameters(s);
            }
        });
        server.createContext("/", x -> {
            x.getRequestBody().readAllBytes();
            got.add(x.getRequestURI() + " " + x.getRequestHeaders().getFirst("Authorization"));
            x.sendResponseHeaders(200, -1);
            x.close();
        });
        server.start();
        return server;
    }

    @Test
    void alertmanagersAreSpokenToOverTlsWithCredentials() throws Exception {
        Path password = Files.writeString(dir.resolve("password"), "secret\n");
        Path token = Files.writeString(dir.resolve("token"), "t1\n");
        String ca = "tls_ca_path: " + pem("ca.pem");
        String certificate = ", tls_cert_path: " + pem("client.pem") + ", tls_key_path: " + pem("client.key");
        String basic = ", basic_auth_username: u, basic_auth_password_file: " + password;
        String refused = "";
        Object[][] table = {
            {false, "{" + ca + "}", "/api/v2/alerts null"},
            {false, "{" + ca + basic + "}", "/api/v2/alerts Basic dTpzZWNyZXQ="},
            {false, "{" + ca + ", credentials_file: " + token + "}", "/api/v2/alerts Bearer t1"},
            {false, "{tls_insecure_skip_verify: true}", "/api/v2/alerts null"},
            {true, "{" + ca + certificate + "}", "/api/v2/alerts null"},
            // who is not known is not told, and whoever does not say who it is is not heard
            {false, "{}", refused},
            {true, "{" + ca + "}", refused},
        };
        for (Object[] row : table) {
            BlockingQueue<String> got = new LinkedBlockingQueue<>();
            HttpServer server = alertmanager((Boolean) row[0], got);
            String host = "127.0.0.1:" + server.getAddress().getPort();
            CollectorRegistry registry = new CollectorRegistry();
            try (Notifications n = Notifications.open(
                    settings("alertmanager_url: 'https://" + host + "', alertmanager_client: " + row[1]),
                    "http://x",
                    registry)) {
                n.send(List.of(alert("A")));
                if (row[2].equals(refused)) {
                    awaitFailure(registry, "alertmanager " + host);
                    assertThat(got).as("%s", row[1]).isEmpty();
                } else {
                    assertThat(got.poll(10, TimeUnit.SECONDS)).as("%s", row[1]).isEqualTo(row[2]);
                }
            } finally {
                server.stop(0);
            }
        }
        assertThatThrownBy(() -> Notifications.open(
                        settings("alertmanager_url: 'https://x', alertmanager_client: {tls_ca_path: /none.pem}"),
                        "http://x",
                        new CollectorRegistry()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("/none.pem");
    }

    /** A token that is replaced while the process runs is used at once. */
    @Test
    void filesOfSecretsAreReadEachTime() throws Exception {
        Path token = Files.writeString(dir.resolve("token"), "t1");
        BlockingQueue<String> got = new LinkedBlockingQueue<>();
        HttpServer server = alertmanager(false, got);
        try (Notifications n = Notifications.open(
                settings("alertmanager_url: 'https://localhost:"
                        + server.getAddress().getPort()
                        + "/am', alertmanager_client: {tls_ca_path: " + pem("ca.pem") + ", credentials_file: " + token
                        + "}"),
                "http://x",
                new CollectorRegistry())) {
            n.send(List.of(alert("A")));
            assertThat(got.poll(10, TimeUnit.SECONDS)).isEqualTo("/am/api/v2/alerts Bearer t1");
            Files.writeString(token, "t2");
            n.send(List.of(alert("B")));
            assertThat(got.poll(10, TimeUnit.SECONDS)).isEqualTo("/am/api/v2/alerts Bearer t2");
        } finally {
            server.stop(0);
        }
    }

    private static void awaitFailure(CollectorRegistry registry, String receiver) throws InterruptedException {
        long deadline = System.nanoTime() + Duration.ofSeconds(10).toNanos();
        Double failures = null;
        while (failures == null || failures < 1) {
            assertThat(System.nanoTime()).as("failures of " + receiver).isLessThan(deadline);
            failures = registry.getSampleValue(
                    "skald_rules_notification_failures_total", new String[] {"receiver"}, new String[] {receiver});
            TimeUnit.MILLISECONDS.sleep(10);
        }
    }

    /** A name server that knows one name. */
    private static void answer(DatagramSocket socket) {
        try {
            while (true) {
                DatagramPacket q = new DatagramPacket(new byte[512], 512);
                socket.receive(q);
                ByteArrayOutputStream bytes = new ByteArrayOutputStream();
                DataOutputStream out = new DataOutputStream(bytes);
                out.write(q.getData(), 0, 2);
                boolean known = new String(q.getData(), 0, q.getLength(), StandardCharsets.ISO_8859_1)
                        .contains("\5_http\4_tcp\2am\4test\0");
                // an answer with authority; NXDOMAIN for other names; one question, two answers
                out.writeShort(known ? 0x8580 : 0x8583);
                out.writeShort(1);
                out.writeShort(known ? 2 : 0);
                out.writeInt(0);
                out.write(q.getData(), 12, q.getLength() - 12);
                for (int i = 0; known && i < 2; i++) {
                    out.writeShort(0xc00c);
                    out.writeShort(33);
                    out.writeShort(1);
                    out.writeInt(60);
                    byte[] target = ("\3am" + i + "\4test\0").getBytes(StandardCharsets.ISO_8859_1);
                    out.writeShort(6 + target.length);
                    out.writeShort(10);
                    out.writeShort(5);
                    out.writeShort(9093 + i);
                    out.write(target);
                }
                socket.send(new DatagramPacket(bytes.toByteArray(), bytes.size(), q.getSocketAddress()));
            }
        } catch (IOException e) {
            assertThat(socket.isClosed()).as(e.toString()).isTrue();
        }
    }

    @Test
    void alertmanagersAreFoundInDns() throws Exception {
        try (DatagramSocket socket = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            Thread t = Thread.ofPlatform().daemon().start(() -> answer(socket));
            String dns = "dns://127.0.0.1:" + socket.getLocalPort();
            assertThat(Discovery.resolve(Discovery.urls("https://u:p@_http._tcp.am.test/am"), dns))
                    .containsExactly(
                            URI.create("https://u:p@am0.test:9093/am"), URI.create("https://u:p@am1.test:9094/am"));
            assertThatThrownBy(() -> Discovery.resolve(Discovery.urls("http://_x._tcp.am.test"), dns))
                    .isInstanceOf(SendException.class)
                    .hasMessageStartingWith("no SRV record of _x._tcp.am.test in DNS: ");
            assertThat(t.isAlive()).isTrue();
        }
    }

    @Test
    void mailIsEncryptedAndShowsAPassword() throws Exception {
        Path password = Files.writeString(dir.resolve("password"), "secret\n");
        SSLContext tls = TlsContexts.server(pem("server.pem"), pem("server.key"), null);
        String ca = ", tls_ca_path: " + pem("ca.pem");
        String login = ", auth_username: skald, auth_password_file: " + password;
        String refused = "";
        Object[][] table = {
            // what the server offers and asks for, what is set, what is said after the handshake
            {tls, "", ca, "*MAIL FROM:<s@x>"},
            {tls, "skald:secret", ca + login, "*AUTH PLAIN c2thbGQAc2thbGQAc2VjcmV0"},
            {tls, "skald:other", ca + login, refused},
            {tls, "", "", refused},
            {null, "", ca, refused},
            {null, "", ", require_tls: false", "MAIL FROM:<s@x>"},
        };
        for (Object[] row : table) {
            CollectorRegistry registry = new CollectorRegistry();
            try (MailServer server = new MailServer((SSLContext) row[0], (String) row[1]);
                    Notifications n = Notifications.open(
                            settings("email: {smarthost: 'localhost:" + server.port() + "', from: s@x, to: [o@x]"
                                    + row[2] + "}"),
                            "http://x",
                            registry)) {
                n.send(List.of(alert("A")));
                String said = Objects.requireNonNull(server.sessions.poll(10, TimeUnit.SECONDS));
                if (row[3].equals(refused)) {
                    awaitFailure(registry, "mail localhost");
                    assertThat(said).as("%s %s", row[1], row[2]).doesNotContain("MAIL FROM");
                } else {
                    assertThat(said.lines()).as("%s %s", row[1], row[2]).contains((String) row[3]);
                    assertThat(said).contains("Subject: [FIRING:1] A");
                }
            }
        }
    }
}
