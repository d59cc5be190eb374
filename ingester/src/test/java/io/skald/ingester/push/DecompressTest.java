/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.push;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.skald.core.model.ErrorCode;
import io.skald.core.model.RequestException;
import io.skald.core.model.TenantId;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.xerial.snappy.Snappy;

class DecompressTest {
    private static final int MAX = 1 << 20;

    private final Admission admission = new Admission(4L << 20);

    private static byte[] compressed(byte[] raw, String how) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        OutputStream out = switch (how) {
            case "gzip" -> new GZIPOutputStream(bytes);
            case "deflate" -> new DeflaterOutputStream(bytes);
            case "bare deflate" -> new DeflaterOutputStream(bytes, new Deflater(6, true));
            default -> bytes;
        };
        try (out) {
            out.write(how.equals("snappy") ? Snappy.compress(raw) : raw);
        }
        return bytes.toByteArray();
    }

    private byte[] decompressed(byte[] body, String encoding) {
        try (Admission.Ticket ticket = admission.admit(TenantId.DEFAULT, body.length);
                Decompress d = new Decompress(ticket, MAX)) {
            d.body(body, encoding);
            return Arrays.copyOf(d.bytes(), d.length());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"identity", "gzip", "deflate", "bare deflate", "snappy"})
    void undoesWhatClientsDo(String how) throws IOException {
        String encoding = how.replace("bare ", "");
        for (int n : new int[] {0, 1, 511, 512, 513, 100_000, MAX}) {
            byte[] raw = new byte[n];
            new Random(n).nextBytes(raw);
            Arrays.fill(raw, n / 2, n, (byte) 'x');
            assertThat(decompressed(compressed(raw, how), encoding))
                    .as(how + " " + n)
                    .isEqualTo(raw);
            assertThat(admission.inFlight()).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"identity", "gzip", "deflate", "bare deflate", "snappy"})
    void refusesWhatBecomesTooLarge(String how) throws IOException {
        byte[] bomb = compressed(new byte[MAX + 1], how);
        assertThatThrownBy(() -> decompressed(bomb, how.replace("bare ", "")))
                .isInstanceOfSatisfying(
                        RequestException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.PAYLOAD_TOO_LARGE));
        assertThat(admission.inFlight()).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"gzip", "deflate", "snappy"})
    void takesWhatItDecompressesFromTheAdmission(String how) throws IOException {
        byte[] body = compressed(new byte[MAX], how);
        try (Admission.Ticket other = admission.admit(TenantId.DEFAULT, (4L << 20) - 1000 - body.length)) {
            assertThatThrownBy(() -> decompressed(body, how))
                    .isInstanceOfSatisfying(
                            RequestException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.UNAVAILABLE));
            assertThat(other).isNotNull();
        }
        assertThat(admission.inFlight()).isZero();
    }

    @Test
    void takesSnappyWithinAnotherEncoding() throws IOException {
        byte[] raw = "some lines some lines some lines".getBytes(java.nio.charset.StandardCharsets.UTF_8);
        for (byte[] inner : new byte[][] {Snappy.compress(raw), raw}) {
            byte[] body = compressed(inner, "gzip");
            try (Admission.Ticket ticket = admission.admit(TenantId.DEFAULT, body.length);
                    Decompress d = new Decompress(ticket, MAX)) {
                d.body(body, "gzip");
                d.snappyWithin();
                assertThat(Arrays.copyOf(d.bytes(), d.length())).isEqualTo(raw);
            }
        }
    }

    @Test
    void survivesWhatIsNoSnappy() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int n = 0; n < 20_000; n++) {
            byte[] body = new byte[random.nextInt(60)];
            random.nextBytes(body);
            if (body.length > 0) {
                body[0] &= 0x7f;
            }
            try {
                assertThat(decompressed(body, "snappy")).as("seed %d", seed).hasSizeLessThan(128);
            } catch (RequestException e) {
                assertThat(e.code()).as("seed %d", seed).isEqualTo(ErrorCode.BAD_REQUEST);
            }
        }
    }
}
