/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.kube;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Predicate;

/**
 * The part of the Kubernetes API that a watch of pods meets: lists, and watches as chunked JSON from a resource version on, with selectors on the
 * node, bookmarks, {@code 410 Gone} both as an answer and within a watch, and connections that break. Thread-safe.
 */
public final class MockApiServer implements AutoCloseable {
    private record Event(long version, String type, Pod pod) {}

    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    // guarded by this
    private final Map<String, Pod> pods = new LinkedHashMap<>();
    private final List<Event> events = new ArrayList<>();
    private final List<String> requests = new ArrayList<>();
    private final List<HttpExchange> watching = new ArrayList<>();
    private long version = 100;
    private long oldest;
    private int failures;
    private HttpServer server;
    private final int port;

    /** Starts on a port of the system's choice. */
    public MockApiServer() throws IOException {
        start(0);
        port = server.getAddress().getPort();
    }

    private synchronized void start(int at) throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), at), 0);
        server.setExecutor(threads);
        server.createContext("/", this::handle);
        server.start();
    }

    /** Its address. */
    public String url() {
        return "http://127.0.0.1:" + port;
    }

    /** Stops listening, and breaks all connections. */
    public synchronized void down() {
        disconnect();
        server.stop(0);
    }

    /** Listens again, on the same port; the first requests are answered 503, as an API server does that starts. */
    public synchronized void up(int unavailable) throws IOException {
        failures = unavailable;
        start(port);
    }

    /** Breaks all watches. */
    public synchronized void disconnect() {
        watching.forEach(HttpExchange::close);
        watching.clear();
        notifyAll();
    }

    /** Forgets all events until now: a watch from before is answered 410. */
    public synchronized void expire() {
        events.clear();
        oldest = ++version;
    }

    /** The same, and tells those that watch, as it happens to slow ones. */
    public synchronized void expireWatches() throws IOException {
        expire();
        for (HttpExchange w : List.copyOf(watching)) {
            line(w, "{\"type\":\"ERROR\",\"object\":" + GONE + "}");
            w.close();
        }
        watching.clear();
        notifyAll();
    }

    /** Tells those that watch how far they are. */
    public synchronized void bookmark() throws IOException {
        version++;
        for (HttpExchange w : watching) {
            line(
                    w,
                    "{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"resourceVersion\":\""
                            + version
                            + "\",\"creationTimestamp\":null},\"spec\":{\"containers\":null},\"status\":{}}}");
        }
    }

    /** Adds or changes a pod. */
    public synchronized void put(Pod pod) {
        Pod p = new PodBuilder(pod)
                .editMetadata()
                .withResourceVersion(Long.toString(++version))
                .endMetadata()
                .build();
        boolean known = pods.put(p.getMetadata().getUid(), p) != null;
        events.add(new Event(version, known ? "MODIFIED" : "ADDED", p));
        notifyAll();
    }

    /** Removes a pod. */
    public synchronized void delete(Pod pod) {
        Pod p = Objects.requireNonNull(pods.remove(pod.getMetadata().getUid()));
        events.add(new Event(++version, "DELETED", p));
        notifyAll();
    }

    /** Paths and queries of all requests, in order. */
    public synchronized List<String> requests() {
        return List.copyOf(requests);
    }

    /** How many watches are open. */
    public synchronized int watches() {
        return watching.size();
    }

    private static final String GONE =
            "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Failure\",\"message\":\"too old resource version\",\"reason\":\"Expired\",\"code\":410}";

    private void handle(HttpExchange x) throws IOException {
        String raw = x.getRequestURI().getRawQuery();
        Map<String, String> query = query(raw);
        synchronized (this) {
            requests.add(x.getRequestURI().getPath() + "?"
                    + URLDecoder.decode(raw == null ? "" : raw, StandardCharsets.UTF_8));
            if (failures > 0) {
                failures--;
                answer(x, 503, "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"code\":503}");
                return;
            }
        }
        if (!x.getRequestURI().getPath().equals("/api/v1/pods")) {
            answer(x, 404, "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"code\":404}");
        } else if ("true".equals(query.get("watch"))) {
            watch(x, query);
        } else {
            list(x, query);
        }
    }

    private static Map<String, String> query(String raw) {
        Map<String, String> out = new HashMap<>();
        for (String pair : raw == null ? new String[0] : raw.split("&")) {
            int eq = pair.indexOf('=');
            out.put(
                    pair.substring(0, Math.max(0, eq)),
                    URLDecoder.decode(pair.substring(eq + 1), StandardCharsets.UTF_8));
        }
        return out;
    }

    private static Predicate<Pod> selected(Map<String, String> query) {
        String field = query.getOrDefault("fieldSelector", "");
        if (!field.startsWith("spec.nodeName=")) {
            return p -> true;
        }
        String node = field.substring("spec.nodeName=".length());
        return p -> node.equals(p.getSpec().getNodeName());
    }

    private void list(HttpExchange x, Map<String, String> query) throws IOException {
        StringBuilder items = new StringBuilder();
        long at;
        synchronized (this) {
            at = version;
            pods.values().stream()
                    .filter(selected(query))
                    .forEach(p -> items.append(items.isEmpty() ? "" : ",").append(Serialization.asJson(p)));
        }
        answer(
                x,
                200,
                "{\"kind\":\"PodList\",\"apiVersion\":\"v1\",\"metadata\":{\"resourceVersion\":\"" + at
                        + "\"},\"items\":[" + items + "]}");
    }

    /** One chunk an event, for as long as the client stays. */
    private void watch(HttpExchange x, Map<String, String> query) throws IOException {
        Predicate<Pod> selected = selected(query);
        long from = Long.parseLong(query.getOrDefault("resourceVersion", "0"));
        synchronized (this) {
            if (from < oldest) {
                answer(x, 410, GONE);
                return;
            }
            x.getResponseHeaders().set("Content-Type", "application/json");
            x.sendResponseHeaders(200, 0);
            x.getResponseBody().flush();
            watching.add(x);
            try {
                while (watching.contains(x)) {
                    for (Event e : events) {
                        if (e.version > from && selected.test(e.pod)) {
                            line(x, "{\"type\":\"" + e.type + "\",\"object\":" + Serialization.asJson(e.pod) + "}");
                        }
                    }
                    from = version;
                    wait();
                }
            } catch (InterruptedException e) {
                watching.remove(x);
            }
        }
    }

    private static void line(HttpExchange x, String json) throws IOException {
        OutputStream out = x.getResponseBody();
        out.write((json + "\n").getBytes(StandardCharsets.UTF_8));
        out.flush();
    }

    private static void answer(HttpExchange x, int status, String json) throws IOException {
        byte[] body = json.getBytes(StandardCharsets.UTF_8);
        x.getResponseHeaders().set("Content-Type", "application/json");
        x.sendResponseHeaders(status, body.length);
        x.getResponseBody().write(body);
        x.close();
    }

    @Override
    public void close() {
        down();
        threads.shutdownNow();
    }
}
