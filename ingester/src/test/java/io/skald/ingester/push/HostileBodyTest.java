/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.push;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;

import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import io.skald.core.model.RequestException;
import io.skald.core.wire.BlockEncoder;
import io.skald.core.wire.BlockPush;
import io.skald.core.wire.otlp.OtlpLogs;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.xerial.snappy.Snappy;

/** No body makes a decoder fail, hang, or take more memory than its bound. */
class HostileBodyTest {
    private static final byte[] JSON = bytes(
            "{\"streams\":[{\"stream\":{\"a\":\"b\"},\"values\":[[\"1800000000000000000\",\"line\",{\"k\":\"v\"}]]}]}");
    private static final byte[] OTLP = bytes(
            "{\"resourceLogs\":[{\"resource\":{\"attributes\":[{\"key\":\"service.name\",\"value\":{\"stringValue\":\"x\"}}]},"
                    + "\"scopeLogs\":[{\"scope\":{\"name\":\"s\"},\"logRecords\":[{\"timeUnixNano\":\"18\",\"body\":{\"kvlistValue\":"
                    + "{\"values\":[{\"key\":\"n\",\"value\":{\"intValue\":\"5\"}}]}}}]}]}]}");
    private static final byte[] BULK = bytes(
            "{\"create\":{\"_index\":\"x\"}}\n{\"@timestamp\":\"2027-01-15T08:00:00Z\",\"message\":\"m\",\"a\":{\"b\":[1]}}\n");

    private static byte[] bytes(String s) {
        return s.getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] good(String decoder) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        return switch (decoder) {
            case "json" -> JSON;
            case "otlp-json" -> OTLP;
            case "bulk", "jsonline" -> BULK;
            case "native" -> {
                EntryBatch b = new EntryBatch(Labels.of("app", "x"));
                b.add(5, JSON, 0, JSON.length, Labels.EMPTY);
                yield BlockPush.encode("agent", 1, 1, new BlockEncoder(2).encode(List.of(b)));
            }
            case "gzip" -> {
                try (GZIPOutputStream g = new GZIPOutputStream(out)) {
                    g.write(JSON);
                }
                yield out.toByteArray();
            }
            case "deflate" -> {
                try (DeflaterOutputStream g = new DeflaterOutputStream(out)) {
                    g.write(JSON);
                }
                yield out.toByteArray();
            }
            case "snappy" -> Snappy.compress(JSON);
            // messages within messages, with a string in the innermost
            default -> new byte[] {10, 14, 10, 3, '{', '}', ' ', 18, 7, 10, 2, 8, 1, 18, 1, 'x', 10, 0};
        };
    }

    static List<String> decoders() {
        return PushFuzz.decoders();
    }

    @ParameterizedTest
    @MethodSource("decoders")
    void takesOrRefusesAnyBody(String decoder) throws IOException {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        byte[] good = good(decoder);
        for (int n = 0; n < 3_000; n++) {
            byte[] body = random.nextInt(8) == 0 ? new byte[random.nextInt(80)] : good.clone();
            if (body.length != good.length) {
                random.nextBytes(body);
            }
            for (int i = random.nextInt(5); i > 0 && body.length > 0; i--) {
                body[random.nextInt(body.length)] = (byte) random.nextInt();
            }
            byte[] cut = random.nextInt(4) == 0 ? Arrays.copyOf(body, random.nextInt(body.length + 1)) : body;
            try {
                PushFuzz.run(decoder, cut);
            } catch (RuntimeException e) {
                fail("seed " + seed + ", decoder " + decoder + ", body " + Arrays.toString(cut), e);
            }
        }
    }

    /** A body of {@code n} repetitions. */
    private static byte[] repeated(String head, String part, String tail, int n) {
        return bytes(head + part.repeat(n) + tail);
    }

    @Test
    void refusesManyPartsOfNothing() {
        int n = 500_000;
        byte[] emptyStreams = new byte[2 * n];
        for (int i = 0; i < emptyStreams.length; i += 2) {
            emptyStreams[i] = 10;
        }
        for (String decoder : List.of("proto", "otlp-proto")) {
            assertThatThrownBy(() -> PushFuzz.decode(decoder, emptyStreams))
                    .as(decoder)
                    .isInstanceOf(RequestException.class)
                    .hasMessageContaining("too many parts");
        }
        assertThatThrownBy(() -> PushFuzz.decode("json", repeated("{\"streams\":[", "{},", "{}]}", n)))
                .hasMessageContaining("too many parts");
        assertThatThrownBy(() -> PushFuzz.decode("otlp-json", repeated("{\"a\":[", "{},", "{}]}", n)))
                .hasMessageContaining("too many parts");
        assertThatThrownBy(() -> PushFuzz.decode("jsonline", repeated("{", "\"a\":1,", "\"a\":1}", n)))
                .hasMessageContaining("too many parts");
    }

    @Test
    void readsManyRepeatedFieldsInOnePass() {
        // a copy of the list for each would take minutes
        byte[] body = new byte[6 * 30_000];
        byte[] one = {10, 4, 18, 2, 18, 0};
        for (int i = 0; i < body.length; i++) {
            body[i] = one[i % one.length];
        }
        assertThat(OtlpLogs.proto(body, body.length)).hasSize(1);
    }

    /** What is said once of a resource, and held again for each of its records, scopes or leaves. */
    @ParameterizedTest
    @ValueSource(strings = {"records", "scopes", "leaves"})
    void refusesMuchThatIsSharedByMany(String of) {
        StringBuilder attributes = new StringBuilder();
        for (int i = 0; i < 20_000; i++) {
            attributes
                    .append(i == 0 ? "" : ",")
                    .append("{\"key\":\"k")
                    .append(i)
                    .append("\",\"value\":{\"stringValue\":\"v\"}}");
        }
        int n = 20_000;
        String leaf = "{\"key\":\"x\",\"value\":{}}";
        String body = "{\"resourceLogs\":[{\"resource\":{\"attributes\":["
                + switch (of) {
                    case "records" -> attributes + "]},\"scopeLogs\":[{\"logRecords\":[" + "{},".repeat(n) + "{}]}]}]}";
                    case "scopes" -> attributes + "]},\"scopeLogs\":[" + "{},".repeat(n) + "{}]}]}";
                    default ->
                        "{\"key\":\"" + "k".repeat(200_000) + "\",\"value\":{\"kvlistValue\":{\"values\":["
                                + (leaf + ",").repeat(n) + leaf + "]}}}]}}]}";
                };
        assertThatThrownBy(() -> PushFuzz.decode("otlp-json", bytes(body)))
                .isInstanceOf(RequestException.class)
                .hasMessageContaining("too many parts");
    }
}
