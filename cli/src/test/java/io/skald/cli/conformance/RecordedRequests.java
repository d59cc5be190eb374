/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.conformance;

import io.skald.cli.process.SkaldProcess;
import io.skald.cli.process.SkaldProcess.Reply;
import io.skald.logql.conformance.JsonTree;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.zip.GZIPOutputStream;

/** Sends requests as the recorded cases write them down. */
final class RecordedRequests {
    private static final Pattern NOW = Pattern.compile("@NOW([+-]\\d+)?@");

    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final String url;

    RecordedRequests(String url) {
        this.url = url;
    }

    Reply ask(Map<String, Object> request) throws IOException, InterruptedException {
        String params = encoded(request.get("params"));
        boolean form = Boolean.TRUE.equals(request.get("form"));
        URI uri = URI.create(url + request.get("path") + (form || params.isEmpty() ? "" : "?" + params));
        HttpRequest.Builder b = HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(60));
        byte[] body = form ? params.getBytes(StandardCharsets.UTF_8) : body(request);
        b.method(
                (String) request.get("method"),
                body.length == 0 ? BodyPublishers.noBody() : BodyPublishers.ofByteArray(body));
        Map<String, Object> headers = JsonTree.object(request.getOrDefault("headers", Map.of()));
        headers.forEach((k, v) -> b.header(k, (String) v));
        if (form && !headers.containsKey("Content-Type")) {
            b.header("Content-Type", "application/x-www-form-urlencoded");
        }
        return SkaldProcess.send(http, b.build());
    }

    private static byte[] body(Map<String, Object> request) throws IOException {
        if (request.get("body_base64") instanceof String s) {
            return Base64.getDecoder().decode(s);
        }
        Object body = request.get("body");
        if (body == null) {
            return new byte[0];
        }
        byte[] bytes =
                withNow(body instanceof String s ? s : JsonTree.write(body)).getBytes(StandardCharsets.UTF_8);
        if (!Boolean.TRUE.equals(request.get("gzip"))) {
            return bytes;
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
            gzip.write(bytes);
        }
        return out.toByteArray();
    }

    private static String encoded(Object params) {
        if (params == null) {
            return "";
        }
        List<String> out = new ArrayList<>();
        JsonTree.object(params).forEach((name, value) -> {
            for (Object v : value instanceof List<?> l ? l : List.of(value)) {
                out.add(percent(name) + "=" + percent(withNow((String) v)));
            }
        });
        return String.join("&", out);
    }

    private static String percent(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    /** {@code @NOW@}, {@code @NOW-600@}: the current time in nanoseconds, shifted by seconds. */
    private static String withNow(String text) {
        return NOW.matcher(text).replaceAll(m -> {
            long shift = m.group(1) == null ? 0 : Long.parseLong(m.group(1));
            Instant now = Instant.now();
            return Long.toString((now.getEpochSecond() + shift) * 1_000_000_000L + now.getNano());
        });
    }
}
