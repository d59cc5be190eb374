/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.receive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.skald.agent.AgentRig;
import io.skald.agent.RecordingSink;
import io.skald.core.http.TlsContexts;
import io.skald.core.model.Labels;
import java.io.OutputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Syslog messages as real senders write them. */
@Timeout(120)
class SyslogIT {
    /** A certificate for 127.0.0.1 and its key. */
    private static final Path CERTIFICATES = Path.of("../querier/src/test/resources/io/skald/querier/rules/notify");

    @TempDir
    private Path dir;

    private AgentRig rig(String settings) throws Exception {
        return new AgentRig(
                dir,
                "  - job_name: sys\n    syslog: {listen_address: '127.0.0.1:0', labels: {job: sys}" + settings + """
                }
                    relabel_configs:
                      - {source_labels: [__syslog_message_hostname], target_label: host}
                      - {source_labels: [__syslog_message_app_name], target_label: app}
                      - {source_labels: [__syslog_message_severity], target_label: level}
                      - {source_labels: [__syslog_message_facility], target_label: facility}
                      - {source_labels: [__syslog_message_proc_id], target_label: proc}
                      - {source_labels: [__syslog_message_msg_id], target_label: msgid}
                      - {source_labels: [__syslog_message_sd_a_1_x], target_label: x}
                """);
    }

    private static int port(AgentRig rig) {
        return ((SyslogSource) rig.sources().getFirst()).port();
    }

    private static void tcp(AgentRig rig, String... pieces) throws Exception {
        try (Socket s = new Socket(InetAddress.getLoopbackAddress(), port(rig))) {
            OutputStream out = s.getOutputStream();
            for (String p : pieces) {
                out.write(p.getBytes(StandardCharsets.UTF_8));
                out.flush();
            }
        }
    }

    private static double malformed(AgentRig rig, String reason) {
        return rig.metric(
                "skald_agent_malformed_entries_total", new String[] {"job", "reason"}, new String[] {"sys", reason});
    }

    @Test
    void rfc5424FramedByLengthAndByLineFeedsInAnyPieces() throws Exception {
        try (AgentRig rig = rig(", use_incoming_timestamp: true, label_structured_data: true")) {
            String m = "<165>1 2026-10-11T22:14:15.003Z mymachine su 42 ID47 [a@1 x=\"y\\\"z\"] \ufeffgrüße";
            String framed = m.getBytes(StandardCharsets.UTF_8).length + " " + m;
            tcp(
                    rig,
                    framed.substring(0, 1),
                    framed.substring(1, 30),
                    framed.substring(30) + framed.replace("su", "sv"));
            List<RecordingSink.Stored> two = rig.await(2);
            assertThat(two.getFirst().stream())
                    .isEqualTo(Labels.of(Map.of(
                            "job",
                            "sys",
                            "host",
                            "mymachine",
                            "app",
                            "su",
                            "level",
                            "notice",
                            "facility",
                            "local4",
                            "proc",
                            "42",
                            "msgid",
                            "ID47",
                            "x",
                            "y\"z")));
            assertThat(new String(two.getFirst().line().getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8))
                    .isEqualTo("grüße");
            assertThat(two.getFirst().timestampNanos()).isEqualTo(1_791_756_855_003_000_000L);
            tcp(rig, "<14>1 - - - - - - one\n<14>1 - - - - - - two\n<14>1 - - - - - - no end");
            assertThat(rig.await(5).subList(2, 5))
                    .extracting(RecordingSink.Stored::line)
                    .containsExactly("one", "two", "no end");
        }
    }

    @Test
    void whatIsTooLongIsCutAndWhatIsMalformedIsCounted() throws Exception {
        try (AgentRig rig = rig(", max_message_length: 64, syslog_format: rfc3164")) {
            String head = "<34>Oct 11 22:14:15 host app[7]: ";
            tcp(
                    rig,
                    head + "x".repeat(100) + "\n" + head + "after\n",
                    (head.length() + 200) + " " + head + "y".repeat(200) + (head.length() + 4) + " " + head + "next",
                    "no priority\n",
                    "2026 is no length\n" + head + "last\n");
            List<RecordingSink.Stored> all = rig.await(7);
            // each stream's in order; how they are mixed depends on what goes to disk together
            assertThat(all.stream().filter(e -> e.stream().has("proc")))
                    .extracting(RecordingSink.Stored::line)
                    .containsExactly(
                            "x".repeat(64 - head.length()), "after", "y".repeat(64 - head.length()), "next", "last");
            assertThat(all.stream().filter(e -> !e.stream().has("proc")))
                    .extracting(RecordingSink.Stored::line)
                    .containsExactly("no priority", "2026 is no length");
            assertThat(all.getFirst().stream().toMap())
                    .containsEntry("app", "app")
                    .containsEntry("proc", "7")
                    .containsEntry("level", "critical");
            assertThat(malformed(rig, "syslog message too long")).isEqualTo(2);
            assertThat(malformed(rig, "syslog message")).isEqualTo(2);
        }
    }

    @Test
    void udp() throws Exception {
        try (AgentRig rig = rig(", listen_protocol: udp");
                DatagramSocket s = new DatagramSocket()) {
            byte[] b = "<13>Feb  5 17:32:18 10.0.0.99 Use the BFG!\n".getBytes(StandardCharsets.US_ASCII);
            s.send(new DatagramPacket(b, b.length, new InetSocketAddress(InetAddress.getLoopbackAddress(), port(rig))));
            RecordingSink.Stored one = rig.await(1).getFirst();
            assertThat(one.line()).isEqualTo("Use the BFG!");
            assertThat(one.stream().get("host")).isEqualTo("10.0.0.99");
        }
    }

    /** What the system has taken of a sender is the agent's, though it has not been read when the agent is told to stop. */
    @ParameterizedTest
    @ValueSource(strings = {"", ", listen_protocol: udp"})
    void nothingThatWasTakenIsLostWhenTheAgentStops(String protocol) throws Exception {
        int n = protocol.isEmpty() ? 40_000 : 200;
        AgentRig rig = rig(", max_message_length: 100" + protocol);
        try (Socket tcp = protocol.isEmpty() ? new Socket(InetAddress.getLoopbackAddress(), port(rig)) : new Socket();
                DatagramSocket udp = new DatagramSocket()) {
            StringBuilder all = new StringBuilder();
            for (int i = 0; i < n; i++) {
                String m = "<13>1 - host app - - - message " + i;
                all.append(m).append('\n');
                if (!protocol.isEmpty()) {
                    byte[] b = m.getBytes(StandardCharsets.UTF_8);
                    udp.send(new DatagramPacket(b, b.length, InetAddress.getLoopbackAddress(), port(rig)));
                }
            }
            if (protocol.isEmpty()) {
                tcp.getOutputStream().write(all.toString().getBytes(StandardCharsets.UTF_8));
            }
            // the connection stays open
            assertThat(tcp.isClosed()).isFalse();
            rig.close();
        } finally {
            rig.close(); // a test that has failed leaves nothing behind
        }
        assertThat(rig.sink().lines()).hasSize(n);
    }

    @Test
    void tls() throws Exception {
        String files = ", tls_config: {cert_file: " + CERTIFICATES.resolve("server.pem") + ", key_file: "
                + CERTIFICATES.resolve("server.key") + "}";
        try (AgentRig rig = rig(files)) {
            try (Socket s = TlsContexts.client(CERTIFICATES.resolve("ca.pem"), null, null, false)
                    .getSocketFactory()
                    .createSocket(InetAddress.getLoopbackAddress(), port(rig))) {
                s.getOutputStream().write("<14>1 - h a - - - secret\n".getBytes(StandardCharsets.US_ASCII));
            }
            assertThat(rig.await(1).getFirst().line()).isEqualTo("secret");
        }
    }

    @Test
    void logger() throws Exception {
        assumeThat(Path.of("/usr/bin/logger")).matches(Files::isExecutable);
        try (AgentRig rig = rig("")) {
            for (String format : List.of("--rfc5424", "--rfc3164")) {
                Process p = new ProcessBuilder(
                                "/usr/bin/logger",
                                "-n",
                                "127.0.0.1",
                                "-P",
                                Integer.toString(port(rig)),
                                "-T",
                                "--octet-count",
                                format,
                                "-t",
                                "tag",
                                "-p",
                                "local0.err",
                                "by " + format)
                        .inheritIO()
                        .start();
                assertThat(p.waitFor()).isZero();
            }
            List<RecordingSink.Stored> two = rig.await(2);
            assertThat(two)
                    .extracting(RecordingSink.Stored::line)
                    .containsExactlyInAnyOrder("by --rfc5424", "by --rfc3164");
            assertThat(two)
                    .allSatisfy(s -> assertThat(s.stream().toMap())
                            .containsEntry("app", "tag")
                            .containsEntry("level", "error"));
        }
    }
}
