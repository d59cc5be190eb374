/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.receive;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.skald.core.http.HttpRequest;
import io.skald.core.model.MetadataNames;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.GZIPOutputStream;
import org.xerial.snappy.Snappy;

/** What sources read, as bytes: whatever they are, they are taken or refused. For {@code AgentFuzz}. */
public final class SourceFuzz {
    private static final Instant NOW = Instant.ofEpochSecond(1_800_000_000);
    private static final int MAX_MESSAGE = 100;

    private SourceFuzz() {}

    /** Reads bytes; {@link io.skald.core.model.RequestException} refuses them, as does {@link IOException} where it does in the agent. */
    public static void read(String decoder, byte[] b) throws IOException, InterruptedException {
        switch (decoder) {
            case "syslog" -> {
                check(SyslogMessage.parse(b, 0, b.length, false, NOW));
                check(SyslogMessage.parse(b, 0, b.length, true, NOW));
            }
            case "syslog-frames" -> frames(b);
            case "firehose" ->
                entries(new FirehoseBodies(true)
                        .read(request(b, Map.of("x-amz-firehose-common-attributes", new String(b, UTF_8))), null));
            case "firehose-body" -> entries(new FirehoseBodies(true).read(request(b, Map.of()), null));
            case "cloudwatch" -> {
                String data = Base64.getEncoder().encodeToString(gzip(b));
                byte[] body = ("{\"timestamp\":1,\"records\":[{\"data\":\"" + data + "\"}]}").getBytes(UTF_8);
                entries(new FirehoseBodies(true).read(request(body, Map.of()), null));
            }
            case "gzip" -> entries(new PushBodies(true).raw(request(b, Map.of("content-encoding", "gzip")), null));
            case "push-json" ->
                entries(new PushBodies(true).loki(request(b, Map.of("content-type", "application/json")), null));
            case "push-proto" -> entries(new PushBodies(true).loki(request(Snappy.compress(b), Map.of()), null));
            case "push-snappy" -> entries(new PushBodies(true).loki(request(b, Map.of()), null));
            case "otlp-json" -> entries(OtlpBodies.read(request(b, Map.of("content-type", "application/json")), null));
            case "otlp-proto" -> entries(OtlpBodies.read(request(b, Map.of()), null));
            case "docker-frames" -> docker(b, false);
            case "docker-terminal" -> docker(b, true);
            case "docker-list" -> DockerSource.parse(b).forEach((id, labels) -> labels.forEach(SourceFuzz::check));
            case "journal" -> {
                entries(List.of(JournalSource.entry(JournalSource.fields(new String(b, UTF_8)), false)));
                entries(List.of(JournalSource.entry(JournalSource.fields(new String(b, UTF_8)), true)));
            }
            default -> throw new IllegalArgumentException(decoder);
        }
    }

    private static HttpRequest request(byte[] body, Map<String, String> headers) {
        return new HttpRequest("POST", "/", Map.of(), Map.of(), headers, body, () -> false);
    }

    private static byte[] gzip(byte[] b) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream z = new GZIPOutputStream(out)) {
            z.write(b);
        }
        return out.toByteArray();
    }

    private static void check(String name, String value) {
        if (name.isEmpty() || value.length() < 0) {
            throw new IllegalStateException("label without a name");
        }
    }

    private static void check(SyslogMessage m) {
        if (m.text().length() < 0 || m.priority() < -1 || m.priority() > 999) {
            throw new IllegalStateException(m.toString());
        }
        String shown = m.severity() + m.facility();
        if (m.priority() >= 0 && shown.startsWith("null")) {
            throw new IllegalStateException(m.toString());
        }
        m.structured().forEach(SourceFuzz::check);
    }

    private static void entries(List<Received> all) {
        for (Received r : all) {
            if (r.line().length < 0 || r.metadata().size() < 0) {
                throw new IllegalStateException(r.toString());
            }
            r.labels().forEach((name, value) -> {
                check(name, value);
                // those with underscores in front end with relabelling
                if (!name.startsWith("__") && !MetadataNames.isName(name)) {
                    throw new IllegalStateException("label " + name);
                }
            });
        }
    }

    /** However the bytes come in pieces, the messages are the same, and each byte is in one at most. */
    private static void frames(byte[] b) throws InterruptedException {
        List<String> whole = messages(b, b.length);
        for (int piece : new int[] {1, 2, 3, 7, 50}) {
            List<String> pieces = messages(b, piece);
            if (!pieces.equals(whole)) {
                throw new IllegalStateException("at once " + whole + ", in pieces of " + piece + " " + pieces);
            }
        }
        if (whole.stream().mapToInt(String::length).sum() > b.length) {
            throw new IllegalStateException("more came out than went in: " + whole);
        }
    }

    private static List<String> messages(byte[] b, int piece) throws InterruptedException {
        List<String> out = new ArrayList<>();
        SyslogFrames f = new SyslogFrames(MAX_MESSAGE, (bytes, offset, length, cut) -> {
            if (length > MAX_MESSAGE + 11 || cut && length != MAX_MESSAGE) {
                throw new IllegalStateException("message of " + length + " bytes, cut " + cut);
            }
            out.add(new String(bytes, offset, length, ISO_8859_1));
        });
        for (int at = 0; at < b.length; at += piece) {
            int n = Math.min(piece, b.length - at);
            f.room(n);
            System.arraycopy(b, at, f.buffer(), f.size(), n);
            f.added(n);
        }
        f.end();
        return out;
    }

    private static void docker(byte[] b, boolean terminal) throws IOException, InterruptedException {
        try {
            new DockerFrames(new DataInputStream(new ByteArrayInputStream(b)), terminal, new TreeMap<>())
                    .read((batch, last) -> {
                        entries(batch);
                        if (!last.matches("-?\\d+\\.\\d{9}")) {
                            throw new IllegalStateException(last);
                        }
                    });
        } catch (EOFException e) {
            if (Arrays.hashCode(b) == 0 && b.length < 0) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
