/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.receive;

import static org.assertj.core.api.Assertions.assertThat;

import io.skald.agent.AgentRig;
import io.skald.agent.RecordingSink;
import io.skald.core.model.Labels;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.URLDecoder;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Containers of a Docker daemon: its API over a Unix socket, as far as logs need it. */
@Timeout(120)
class DockerIT {
    @TempDir
    private Path dir;

    private ServerSocketChannel listener;
    private final Map<String, String> containers = new ConcurrentHashMap<>();
    private final Map<String, byte[]> logs = new ConcurrentHashMap<>();
    private final List<String> requests = new CopyOnWriteArrayList<>();
    private final List<SocketChannel> watching = new CopyOnWriteArrayList<>();

    @BeforeEach
    void start() throws IOException {
        listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        listener.bind(UnixDomainSocketAddress.of(dir.resolve("docker.sock")));
        Thread.ofVirtual().start(() -> {
            while (listener.isOpen()) {
                try {
                    SocketChannel ch = listener.accept();
                    Thread.ofVirtual().start(() -> answer(ch));
                } catch (IOException e) {
                    return;
                }
            }
        });
    }

    @AfterEach
    void stop() throws IOException {
        listener.close();
        for (SocketChannel c : watching) {
            c.close();
        }
    }

    private void answer(SocketChannel ch) {
        try {
            ByteBuffer in = ByteBuffer.allocate(4096);
            while (!new String(in.array(), 0, in.position(), StandardCharsets.US_ASCII).contains("\r\n\r\n")) {
                if (ch.read(in) < 0) {
                    return;
                }
            }
            String head = new String(in.array(), 0, in.position(), StandardCharsets.US_ASCII);
            String path = URLDecoder.decode(head.split(" ")[1], StandardCharsets.UTF_8);
            requests.add(path);
            write(ch, "HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            if (path.startsWith("/events")) {
                watching.add(ch);
                return;
            }
            if (path.startsWith("/containers/json")) {
                write(ch, ("[" + String.join(",", containers.values()) + "]").getBytes(StandardCharsets.UTF_8));
            } else if (path.endsWith("/json")) {
                write(ch, ("{\"Config\":{\"Tty\":" + path.contains("tty") + "}}").getBytes(StandardCharsets.UTF_8));
            } else {
                // what is behind the time of the last entry is nothing here
                write(ch, path.endsWith("since=0") ? logs.getOrDefault(path.split("/")[2], new byte[0]) : new byte[0]);
            }
            ch.close();
        } catch (IOException e) {
            // the agent has hung up
        }
    }

    private static void write(SocketChannel ch, byte[] b) throws IOException {
        ByteBuffer out = ByteBuffer.wrap(b);
        while (out.hasRemaining()) {
            ch.write(out);
        }
    }

    private void container(String id, String... more) {
        containers.put(
                id,
                "{\"Id\":\"" + id + "\",\"Names\":[\"/" + id
                        + "-1\"],\"Image\":\"nginx\",\"Ports\":[{\"PrivatePort\":80}],"
                        + "\"Labels\":{\"com.docker.compose.service\":\"" + id
                        + "\"},\"HostConfig\":{\"NetworkMode\":\"bridge\"}"
                        + String.join("", more) + "}");
    }

    private static byte[] frames(Object... kindAndText) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        for (int i = 0; i < kindAndText.length; i += 2) {
            byte[] text = ((String) kindAndText[i + 1]).getBytes(StandardCharsets.UTF_8);
            out.writeInt((Integer) kindAndText[i] << 24);
            out.writeInt(text.length);
            out.write(text);
        }
        return bytes.toByteArray();
    }

    private AgentRig rig() throws Exception {
        return new AgentRig(dir, """
                  - job_name: docker
                    docker_sd_configs:
                      - {host: 'unix://%s/docker.sock', refresh_interval: 30s, filters: [{name: label, values: [logging=on]}]}
                    relabel_configs:
                      - {source_labels: [__meta_docker_container_name], regex: '/(.*)', target_label: container}
                      - {source_labels: [__meta_docker_container_log_stream], target_label: stream}
                      - {source_labels: [__meta_docker_container_label_com_docker_compose_service], target_label: service}
                      - {source_labels: [__meta_docker_container_network_mode], target_label: network}
                """.formatted(dir));
    }

    @Test
    void framesTerminalsPartsAndContainersThatStartLater() throws Exception {
        container("web");
        logs.put(
                "web",
                frames(
                        1, "2026-01-02T03:04:05.999999999Z out\n",
                        2, "2026-01-02T03:04:06Z err\n",
                        1, "2026-01-02T03:04:07Z begin,",
                        1, "2026-01-02T03:04:07.1Z end\n"));
        container("tty");
        logs.put("tty", "2026-01-02T03:04:05Z from a terminal\r\n".getBytes(StandardCharsets.UTF_8));
        try (AgentRig rig = rig()) {
            List<RecordingSink.Stored> first = new ArrayList<>(rig.await(4));
            assertThat(first)
                    .extracting(RecordingSink.Stored::line)
                    .containsExactlyInAnyOrder("out", "err", "begin,end", "from a terminal");
            RecordingSink.Stored err = first.stream()
                    .filter(s -> s.line().equals("err"))
                    .findFirst()
                    .orElseThrow();
            assertThat(err.stream())
                    .isEqualTo(Labels.of(
                            Map.of("container", "web-1", "stream", "stderr", "service", "web", "network", "bridge")));
            assertThat(err.timestampNanos()).isEqualTo(1_767_323_046_000_000_000L);
            assertThat(requests).anyMatch(r -> r.equals("/containers/json?filters={\"label\":[\"logging=on\"]}"));

            container("late");
            logs.put("late", frames(1, "2026-01-02T03:04:05Z late\n"));
            AgentRig.until(() -> !watching.isEmpty(), () -> "a watch of events");
            write(
                    watching.getFirst(),
                    "{\"Type\":\"container\",\"Action\":\"start\"}\n".getBytes(StandardCharsets.UTF_8));
            rig.await(5);

            requests.clear();
            rig.killAndStart();
            AgentRig.until(
                    () -> requests.stream().anyMatch(r -> r.startsWith("/containers/web/logs")),
                    () -> "followed again: " + requests);
            assertThat(requests).anyMatch(r -> r.endsWith("&since=1767323047.100000001"));
        }
    }
}
