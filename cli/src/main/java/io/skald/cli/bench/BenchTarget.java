/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.bench;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.xerial.snappy.Snappy;

/** A server that speaks Loki's API. Thread-safe. */
final class BenchTarget implements AutoCloseable {
    private static final JsonFactory JSON = new JsonFactory();

    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final String url;

    BenchTarget(String url) {
        this.url = url.replaceAll("/+$", "");
    }

    /** A push as clients of Loki make it: protobuf, compressed with Snappy. */
    static byte[] body(List<BenchCorpus.Stream> streams) throws IOException {
        ByteArrayOutputStream request = new ByteArrayOutputStream(2 << 20);
        ByteArrayOutputStream stream = new ByteArrayOutputStream(256 << 10);
        ByteArrayOutputStream entry = new ByteArrayOutputStream(4 << 10);
        ByteArrayOutputStream time = new ByteArrayOutputStream(16);
        for (BenchCorpus.Stream s : streams) {
            stream.reset();
            field(stream, 1, s.labels().toString().getBytes(StandardCharsets.UTF_8));
            for (int i = 0; i < s.lines().length; i++) {
                time.reset();
                varint(time, 1 << 3);
                varint(time, s.timestampNanos()[i] / 1_000_000_000);
                varint(time, 2 << 3);
                varint(time, s.timestampNanos()[i] % 1_000_000_000);
                entry.reset();
                field(entry, 1, time.toByteArray());
                field(entry, 2, s.lines()[i]);
                field(stream, 2, entry.toByteArray());
            }
            field(request, 1, stream.toByteArray());
        }
        return Snappy.compress(request.toByteArray());
    }

    private static void field(ByteArrayOutputStream out, int number, byte[] value) {
        varint(out, (long) number << 3 | 2);
        varint(out, value.length);
        out.writeBytes(value);
    }

    private static void varint(ByteArrayOutputStream out, long value) {
        long v = value;
        while (v >= 0x80) {
            out.write((int) (v & 0x7f | 0x80));
            v >>>= 7;
        }
        out.write((int) v);
    }

    /** Fails if nothing listens, before anything is measured. */
    void reach() throws IOException, InterruptedException {
        http.send(HttpRequest.newBuilder(URI.create(url + "/ready")).build(), HttpResponse.BodyHandlers.discarding());
    }

    /** Pushes, again while the server says that it has too much to do. */
    void push(BenchBodies bodies, byte[] body) throws IOException, InterruptedException {
        HttpRequest r = HttpRequest.newBuilder(URI.create(url + bodies.path()))
                .header("Content-Type", bodies.contentType())
                .POST(HttpRequest.BodyPublishers.ofByteArray(body))
                .build();
        for (int attempt = 1; ; attempt++) {
            HttpResponse<String> a = http.send(r, HttpResponse.BodyHandlers.ofString());
            if (a.statusCode() / 100 == 2) {
                return;
            }
            if (attempt == 100 || a.statusCode() != 429 && a.statusCode() < 500) {
                throw new IOException("push refused: " + a.statusCode() + " " + a.body());
            }
            Thread.sleep(100);
        }
    }

    /** Moves memory to disk, where the server knows how. */
    void flush() throws IOException, InterruptedException {
        http.send(
                HttpRequest.newBuilder(URI.create(url + "/flush"))
                        .POST(HttpRequest.BodyPublishers.noBody())
                        .build(),
                HttpResponse.BodyHandlers.discarding());
    }

    /** Asks, and returns the number of lines, or the sum of all values. */
    double ask(BenchQuery q, long startNanos, long endNanos) throws IOException, InterruptedException {
        boolean metric = q.limit() == 0;
        long start = metric ? startNanos + q.stepSeconds() * 1_000_000_000 : startNanos;
        String params = "query=" + URLEncoder.encode(q.query(), StandardCharsets.UTF_8) + "&start=" + start + "&end="
                + endNanos + (metric ? "&step=" + q.stepSeconds() : "&limit=" + q.limit() + "&direction=backward");
        HttpResponse<byte[]> a = http.send(
                HttpRequest.newBuilder(URI.create(url + "/loki/api/v1/query_range?" + params))
                        .build(),
                HttpResponse.BodyHandlers.ofByteArray());
        if (a.statusCode() != 200) {
            throw new IOException(
                    q.name() + ": " + a.statusCode() + " " + new String(a.body(), StandardCharsets.UTF_8));
        }
        try (JsonParser p = JSON.createParser(a.body())) {
            return sum(p, metric);
        }
    }

    /** Adds up the second members of the pairs in all {@code values}, or counts the pairs. */
    private static double sum(JsonParser p, boolean values) throws IOException {
        double sum = 0;
        JsonToken t = p.nextToken();
        while (t != null) {
            if (t == JsonToken.FIELD_NAME && p.currentName().equals("values")) {
                p.nextToken();
                while (p.nextToken() == JsonToken.START_ARRAY) {
                    p.nextToken();
                    p.nextToken();
                    sum += values ? Double.parseDouble(p.getText()) : 1;
                    while (p.nextToken() != JsonToken.END_ARRAY) {
                        p.skipChildren();
                    }
                }
            }
            t = p.nextToken();
        }
        return sum;
    }

    @Override
    public void close() {
        http.close();
    }
}
