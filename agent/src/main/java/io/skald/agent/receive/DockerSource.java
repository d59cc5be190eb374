/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.receive;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.skald.core.model.Labels;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.URI;
import java.net.URLEncoder;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** {@code docker_sd_configs}: lists containers and follows their logs by the API of the Docker daemon, from the time of the last entry on. */
final class DockerSource implements Source {
    private static final System.Logger LOG = System.getLogger(DockerSource.class.getName());
    private static final JsonFactory JSON = new JsonFactory();

    private final String job;
    private final SourceSettings.Docker settings;
    private final Intake intake;
    private final Function<String, @Nullable String> cursors;
    private final Map<String, Thread> following = new ConcurrentHashMap<>();
    private final Map<String, String> since = new ConcurrentHashMap<>();
    private final Thread thread;
    private volatile boolean closed;
    private volatile String problem = "";

    DockerSource(
            String job, SourceSettings.Docker settings, Intake intake, Function<String, @Nullable String> cursors) {
        this.job = job;
        this.settings = settings;
        this.intake = intake;
        this.cursors = cursors;
        this.thread = Thread.ofVirtual().name("skald-agent-docker-" + job).unstarted(this::run);
    }

    @Override
    public void start() {
        thread.start();
    }

    private void run() {
        try {
            while (!closed) {
                try {
                    for (Map.Entry<String, Map<String, String>> c : containers().entrySet()) {
                        following.computeIfAbsent(
                                c.getKey(),
                                id -> Thread.ofVirtual()
                                        .name("skald-agent-docker-" + id)
                                        .start(() -> follow(id, c.getValue())));
                    }
                    problem = "";
                } catch (IOException e) {
                    problem = "cannot ask the Docker daemon: " + e.getMessage();
                    LOG.log(System.Logger.Level.WARNING, () -> job + ": " + problem);
                }
                Thread.sleep(settings.refresh());
            }
        } catch (InterruptedException e) {
            LOG.log(System.Logger.Level.DEBUG, "interrupted");
        }
    }

    private void follow(String id, Map<String, String> labels) {
        String name = "docker/" + job + "/" + id;
        try {
            String from = since.computeIfAbsent(name, n -> {
                String saved = cursors.apply(n);
                return saved == null ? "0" : saved;
            });
            String path = "/containers/" + id + "/logs?follow=1&stdout=1&stderr=1&timestamps=1&since=" + from;
            try (SocketChannel ch = connect();
                    DataInputStream in = new DataInputStream(new BufferedInputStream(get(ch, path), 1 << 16))) {
                frames(in, name, labels);
            }
        } catch (EOFException e) {
            LOG.log(System.Logger.Level.DEBUG, () -> "container " + id + " has ended");
        } catch (IOException e) {
            LOG.log(System.Logger.Level.INFO, () -> "following container " + id + " has ended: " + e);
        } catch (InterruptedException e) {
            LOG.log(System.Logger.Level.DEBUG, "interrupted");
        } finally {
            following.remove(id);
        }
    }

    /** Frames of eight bytes (1 or 2 for the stream, three unused, a length) and a line with its time. */
    private void frames(DataInputStream in, String cursor, Map<String, String> labels)
            throws IOException, InterruptedException {
        List<Received> batch = new ArrayList<>();
        String last = "";
        while (!closed) {
            int stream = in.readUnsignedByte();
            in.skipNBytes(3);
            int length = in.readInt();
            if (length < 0 || length > PushBodies.MAX_BYTES) {
                throw new IOException("frame of " + length + " bytes");
            }
            String line = new String(in.readNBytes(length), StandardCharsets.UTF_8).stripTrailing();
            int blank = line.indexOf(' ');
            String time = blank < 0 ? line : line.substring(0, blank);
            try {
                Instant t = Instant.parse(time);
                Map<String, String> all = new TreeMap<>(labels);
                all.put("__meta_docker_container_log_stream", stream == 2 ? "stderr" : "stdout");
                byte[] text = (blank < 0 ? "" : line.substring(blank + 1)).getBytes(StandardCharsets.UTF_8);
                batch.add(
                        new Received(all, t.getEpochSecond() * 1_000_000_000 + t.getNano(), text, Labels.EMPTY, null));
                // the next entry is a nanosecond later at the earliest
                last = t.getEpochSecond() + "." + String.format(java.util.Locale.ROOT, "%09d", t.getNano() + 1);
            } catch (DateTimeException e) {
                LOG.log(System.Logger.Level.DEBUG, () -> "a line without a time: " + line);
            }
            if (in.available() == 0 || batch.size() >= 500) {
                intake.add(batch, Map.entry(cursor, last)).join();
                since.put(cursor, last);
                batch = new ArrayList<>();
            }
        }
    }

    private Map<String, Map<String, String>> containers() throws IOException {
        Map<String, List<String>> filters = new HashMap<>();
        for (String f : settings.filters()) {
            int eq = f.indexOf('=');
            filters.computeIfAbsent(f.substring(0, eq), k -> new ArrayList<>()).add(f.substring(eq + 1));
        }
        StringBuilder json = new StringBuilder("{");
        filters.forEach((k, v) -> json.append(json.length() > 1 ? "," : "")
                .append('"')
                .append(k)
                .append("\":[\"")
                .append(String.join("\",\"", v))
                .append("\"]"));
        json.append('}');
        String path = "/containers/json?filters=" + URLEncoder.encode(json.toString(), StandardCharsets.UTF_8);
        try (SocketChannel ch = connect();
                InputStream in = get(ch, path)) {
            return parse(in.readAllBytes());
        }
    }

    /** Labels of containers for relabelling, by their ids. */
    static Map<String, Map<String, String>> parse(byte[] body) throws IOException {
        Map<String, Map<String, String>> all = new HashMap<>();
        try (JsonParser p = JSON.createParser(body)) {
            p.nextToken();
            while (p.nextToken() == JsonToken.START_OBJECT) {
                Map<String, String> t = new TreeMap<>();
                while (p.nextToken() == JsonToken.FIELD_NAME) {
                    String name = p.currentName();
                    JsonToken v = p.nextToken();
                    switch (name) {
                        case "Id" -> t.put("__meta_docker_container_id", p.getText());
                        case "Image" -> t.put("__meta_docker_container_image", p.getText());
                        case "Names" -> {
                            while (p.nextToken() == JsonToken.VALUE_STRING) {
                                t.putIfAbsent("__meta_docker_container_name", p.getText());
                            }
                        }
                        case "Labels" -> {
                            while (v == JsonToken.START_OBJECT && p.nextToken() == JsonToken.FIELD_NAME) {
                                String label = p.currentName().replaceAll("[^A-Za-z0-9_]", "_");
                                p.nextToken();
                                t.put("__meta_docker_container_label_" + label, p.getText());
                            }
                        }
                        default -> p.skipChildren();
                    }
                }
                all.put(t.getOrDefault("__meta_docker_container_id", ""), t);
            }
        }
        return all;
    }

    private SocketChannel connect() throws IOException {
        URI uri = URI.create(settings.host());
        if ("unix".equals(uri.getScheme())) {
            SocketChannel ch = SocketChannel.open(StandardProtocolFamily.UNIX);
            if (!ch.connect(UnixDomainSocketAddress.of(uri.getPath()))) {
                throw new IOException("cannot connect to " + uri);
            }
            return ch;
        }
        SocketAddress at = new InetSocketAddress(uri.getHost(), uri.getPort() < 0 ? 2375 : uri.getPort());
        return SocketChannel.open(at);
    }

    /** A GET with HTTP 1.0, so that the body simply ends with the connection. */
    private static InputStream get(SocketChannel ch, String path) throws IOException {
        ByteBuffer request =
                StandardCharsets.US_ASCII.encode("GET " + path + " HTTP/1.0\r\nHost: docker\r\nAccept: */*\r\n\r\n");
        while (request.hasRemaining()) {
            ch.write(request);
        }
        InputStream in = new BufferedInputStream(Channels.newInputStream(ch), 1 << 16);
        ByteArrayOutputStream head = new ByteArrayOutputStream();
        int c;
        while ((c = in.read()) >= 0) {
            head.write(c);
            String h = c == '\n' ? head.toString(StandardCharsets.US_ASCII) : "";
            if (h.endsWith("\r\n\r\n")) {
                String status = h.substring(0, h.indexOf('\r'));
                if (!status.contains(" 200")) {
                    throw new IOException("GET " + path + " was answered: " + status);
                }
                return in;
            }
        }
        throw new EOFException("no answer to GET " + path);
    }

    @Override
    public String problem() {
        return problem.isEmpty() ? "" : job + ": " + problem;
    }

    @Override
    public void close() {
        closed = true;
        thread.interrupt();
        following.values().forEach(Thread::interrupt);
    }
}
