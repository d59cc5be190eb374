/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.receive;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
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
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
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
    private final SourceThread thread;
    private final SourceThread events;
    private final Semaphore news = new Semaphore(0);

    DockerSource(
            String job, SourceSettings.Docker settings, Intake intake, Function<String, @Nullable String> cursors) {
        this.job = job;
        this.settings = settings;
        this.intake = intake;
        this.cursors = cursors;
        this.thread = new SourceThread(job, "docker", settings.refresh(), this::run, intake::failed);
        this.events = new SourceThread(job, "docker-events", settings.refresh(), this::events, intake::failed);
    }

    @Override
    public void start() {
        thread.start();
        events.start();
    }

    private void run() throws IOException, InterruptedException {
        while (true) {
            for (Map.Entry<String, Map<String, String>> c : containers().entrySet()) {
                following.computeIfAbsent(
                        c.getKey(),
                        id -> Thread.ofVirtual()
                                .name("skald-agent-docker-" + id)
                                .start(() -> follow(id, c.getValue())));
            }
            thread.works();
            if (news.tryAcquire(settings.refresh().toMillis(), TimeUnit.MILLISECONDS)) {
                news.drainPermits();
            }
        }
    }

    /** Waits for containers that start; between two lists they would be missed if they are brief. */
    private void events() throws IOException {
        String filters = URLEncoder.encode("{\"type\":[\"container\"],\"event\":[\"start\"]}", StandardCharsets.UTF_8);
        try (SocketChannel ch = connect();
                InputStream in = get(ch, "/events?filters=" + filters)) {
            news.release();
            while (in.read() >= 0) {
                if (in.available() == 0) {
                    news.release();
                }
            }
        }
        throw new IOException("the Docker daemon tells no more of containers that start");
    }

    private void follow(String id, Map<String, String> labels) {
        String name = "docker/" + job + "/" + id;
        try {
            String from = since.computeIfAbsent(name, n -> {
                String saved = cursors.apply(n);
                return saved == null ? "0" : saved;
            });
            boolean terminal = terminal(id);
            String path = "/containers/" + id + "/logs?follow=1&stdout=1&stderr=1&timestamps=1&since=" + from;
            try (SocketChannel ch = connect();
                    DataInputStream in = new DataInputStream(new BufferedInputStream(get(ch, path), 1 << 16))) {
                new DockerFrames(in, terminal, labels).read((batch, last) -> {
                    intake.store(batch, Map.entry(name, last));
                    since.put(name, last);
                });
            }
        } catch (EOFException e) {
            LOG.log(System.Logger.Level.DEBUG, () -> "container " + id + " has ended");
        } catch (IOException e) {
            System.Logger.Level level = thread.isClosed() ? System.Logger.Level.DEBUG : System.Logger.Level.INFO;
            intake.failed("following container " + id + " has ended: " + e);
            LOG.log(level, () -> "following container " + id + " has ended: " + e);
        } catch (InterruptedException e) {
            LOG.log(System.Logger.Level.DEBUG, "interrupted");
        } finally {
            following.remove(id);
        }
    }

    /** Whether a container has a terminal: its output is not in frames then. */
    private boolean terminal(String id) throws IOException {
        try (SocketChannel ch = connect();
                InputStream in = get(ch, "/containers/" + id + "/json");
                JsonParser p = JSON.createParser(in)) {
            JsonToken t;
            while ((t = p.nextToken()) != null) {
                if (t == JsonToken.FIELD_NAME && p.currentName().equals("Tty")) {
                    return p.nextToken() == JsonToken.VALUE_TRUE;
                }
            }
            return false;
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
                        case "HostConfig" -> network(p, t);
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

    private static void network(JsonParser p, Map<String, String> t) throws IOException {
        while (p.nextToken() == JsonToken.FIELD_NAME) {
            boolean mode = p.currentName().equals("NetworkMode");
            p.nextToken();
            if (mode) {
                t.put("__meta_docker_container_network_mode", p.getText());
            } else {
                p.skipChildren();
            }
        }
    }

    private SocketChannel connect() throws IOException {
        try {
            return open();
        } catch (IOException e) {
            throw new IOException("cannot reach the Docker daemon at " + settings.host() + ": " + e.getMessage(), e);
        }
    }

    private SocketChannel open() throws IOException {
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
    public SourceStatus status() {
        return intake.status("docker_sd", settings.host(), problem(), false);
    }

    @Override
    public String problem() {
        return thread.problem();
    }

    @Override
    public void close() {
        thread.close();
        events.close();
        following.values().forEach(Thread::interrupt);
    }
}
