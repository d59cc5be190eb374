/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.push;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.CodedOutputStream;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.ErrorCode;
import io.skald.core.model.Labels;
import io.skald.core.model.RequestException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PushProtoTest {
    private final LabelCache cache = new LabelCache();

    private interface Fields {
        void writeTo(CodedOutputStream out) throws IOException;
    }

    private static byte[] message(Fields fields) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        CodedOutputStream out = CodedOutputStream.newInstance(bytes);
        fields.writeTo(out);
        out.flush();
        return bytes.toByteArray();
    }

    private static byte[] entry(long seconds, int nanos, String line, String... metadata) throws IOException {
        return message(e -> {
            e.writeByteArray(1, message(t -> {
                t.writeInt64(1, seconds);
                t.writeInt32(2, nanos);
            }));
            e.writeString(2, line);
            for (int i = 0; i < metadata.length; i += 2) {
                String name = metadata[i];
                String value = metadata[i + 1];
                e.writeByteArray(3, message(p -> {
                    p.writeString(1, name);
                    p.writeString(2, value);
                }));
            }
        });
    }

    private static byte[] request() throws IOException {
        return message(r -> {
            r.writeByteArray(1, message(s -> {
                s.writeString(1, "{app=\"web\"}");
                s.writeByteArray(2, entry(1_800_000_000L, 5, "one"));
                s.writeByteArray(2, entry(-1, -7, "", "k", "v", "", "no name"));
                s.writeUInt64(3, -1);
                s.writeString(99, "of a later version");
            }));
            r.writeByteArray(1, message(s -> {
                s.writeByteArray(2, entry(0, 0, "labels come last"));
                s.writeString(1, "{app=\"web\"}");
            }));
        });
    }

    @Test
    void readsStreams() throws IOException {
        byte[] body = request();
        List<EntryBatch> streams = PushProto.decode(Arrays.copyOf(body, body.length + 3), body.length, cache)
                .streams();
        assertThat(streams).hasSize(2);
        EntryBatch first = streams.getFirst();
        assertThat(first.labels())
                .isEqualTo(Labels.of("app", "web"))
                .isSameAs(streams.get(1).labels());
        assertThat(first.timestampNanos(0)).isEqualTo(1_800_000_000_000_000_005L);
        assertThat(first.timestampNanos(1)).isEqualTo(-1_000_000_007L);
        assertThat(first.metadata(1)).isEqualTo(Labels.of("k", "v"));
        assertThat(line(first, 0)).isEqualTo("one");
        assertThat(line(first, 1)).isEmpty();
        assertThat(line(streams.get(1), 0)).isEqualTo("labels come last");
    }

    private static String line(EntryBatch b, int i) {
        return new String(b.buffer(i), b.offset(i), b.length(i), StandardCharsets.UTF_8);
    }

    @Test
    void refusesATornMessage() throws IOException {
        byte[] body = request();
        int refused = 0;
        for (int n = 0; n < body.length; n++) {
            try {
                PushProto.decode(body, n, cache);
            } catch (RequestException e) {
                assertThat(e.code()).isEqualTo(ErrorCode.BAD_REQUEST);
                refused++;
            }
        }
        // a message may end between its fields: nowhere else
        assertThat(refused).isEqualTo(body.length - 2);
    }

    @Test
    void takesAnyBytes() throws IOException {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        byte[] good = request();
        for (int n = 0; n < 30_000; n++) {
            byte[] body = good.clone();
            for (int i = random.nextInt(4); i >= 0; i--) {
                body[random.nextInt(body.length)] = (byte) random.nextInt();
            }
            try {
                PushProto.decode(body, body.length, cache).streams().forEach(b -> {
                    for (int i = 0; i < b.size(); i++) {
                        assertThat(b.offset(i) + b.length(i))
                                .as("seed %d", seed)
                                .isLessThanOrEqualTo(body.length);
                    }
                });
            } catch (RequestException e) {
                assertThat(e.code()).as("seed %d", seed).isEqualTo(ErrorCode.BAD_REQUEST);
            }
        }
    }

    @Test
    void refusesGroupsWithinGroupsWithoutEnd() {
        byte[] body = new byte[1000];
        Arrays.fill(body, (byte) (9 << 3 | 3));
        assertThatThrownBy(() -> PushProto.decode(body, body.length, cache))
                .isInstanceOf(RequestException.class)
                .hasMessageContaining("groups");
    }

    @Test
    void readsNumbersOfAnyLengthAnywhere() throws IOException {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int n = 0; n < 20_000; n++) {
            long[] numbers = random.longs(random.nextInt(1, 4))
                    .map(v -> v >>> random.nextInt(64))
                    .toArray();
            byte[] b = message(out -> {
                for (long v : numbers) {
                    out.writeUInt64NoTag(v);
                }
            });
            ProtoReader in = new ProtoReader(b, b.length);
            for (long v : numbers) {
                assertThat(in.varint()).as("seed %d", seed).isEqualTo(v);
            }
            assertThat(in.remaining()).isZero();
            ProtoReader cut = new ProtoReader(b, b.length - 1);
            for (int i = 1; i < numbers.length; i++) {
                assertThat(cut.varint()).isEqualTo(numbers[i - 1]);
            }
            assertThatThrownBy(cut::varint).isInstanceOf(RequestException.class);
        }
    }
}
