/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.spool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.skald.agent.discover.FileId;
import io.skald.agent.spool.FileState.Format;
import io.skald.agent.spool.FileState.Partial;
import io.skald.agent.spool.FileState.Position;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OutboxTest {
    private static final Labels STREAM = Labels.of("filename", "f", "stream", "stdout");

    @TempDir
    Path dir;

    private static FileState state(long offset) {
        return new FileState(
                new FileId(1, 2),
                "f",
                offset,
                99,
                12,
                Format.CRI,
                Position.OPEN_LINE,
                List.of(new Partial("stdout", 5, new byte[] {1, 2})));
    }

    private static List<EntryBatch> entries(int number) {
        EntryBatch b = new EntryBatch(STREAM);
        byte[] line = ("line " + number).getBytes(java.nio.charset.StandardCharsets.UTF_8);
        b.add(number * 10L, line, 0, line.length, Labels.EMPTY);
        b.add(number * 10L + 1, line, 2, 0, Labels.of("k", "v"));
        return List.of(b);
    }

    private Path segment() throws IOException {
        try (Stream<Path> s = Files.list(dir)) {
            return s.filter(p -> p.getFileName().toString().startsWith("outbox-"))
                    .sorted()
                    .toList()
                    .getFirst();
        }
    }

    @Test
    void comesBackAsItWas() throws IOException {
        try (Outbox o = Outbox.open(dir)) {
            assertThat(o.append(List.of(state(10)), entries(1)).sequence()).isEqualTo(1);
            o.append(List.of(state(20)), entries(2));
            o.acknowledge(1);
            o.checkpoint();
            o.append(List.of(state(30)), entries(3));
        }
        try (Outbox o = Outbox.open(dir)) {
            assertThat(o.files()).containsExactly(state(30));
            assertThat(o.marks()).isEqualTo(Map.of(STREAM, 31L));
            assertThat(o.unacknowledged()).extracting(Batch::sequence).containsExactly(2L, 3L);
            EntryBatch b = o.unacknowledged().get(1).streams().getFirst();
            assertThat(b.labels()).isEqualTo(STREAM);
            assertThat(b.timestampNanos(1)).isEqualTo(31);
            assertThat(b.length(1)).isZero();
            assertThat(b.metadata(1)).isEqualTo(Labels.of("k", "v"));
            assertThat(new String(b.buffer(0), java.nio.charset.StandardCharsets.UTF_8))
                    .isEqualTo("line 3");
        }
    }

    @Test
    void aTornTailWasNeverSentAndIsLeftAside() throws IOException {
        int[] ends = new int[4];
        try (Outbox o = Outbox.open(dir)) {
            for (int i = 1; i <= 3; i++) {
                o.append(List.of(state(i)), entries(i));
                ends[i] = (int) o.diskBytes();
            }
        }
        byte[] whole = Files.readAllBytes(segment());
        Path name = segment().getFileName();
        for (int cut = 0; cut <= whole.length; cut++) {
            Path copy = Files.createDirectory(dir.resolve("cut" + cut));
            Files.write(copy.resolve(name), Arrays.copyOf(whole, cut));
            int expected = cut >= ends[3] ? 3 : cut >= ends[2] ? 2 : cut >= ends[1] ? 1 : 0;
            try (Outbox o = Outbox.open(copy)) {
                assertThat(o.unacknowledged()).as("cut at %d", cut).hasSize(expected);
                assertThat(o.append(List.of(state(9)), entries(9)).sequence()).isEqualTo(expected + 1);
            }
            try (Outbox o = Outbox.open(copy)) {
                assertThat(o.unacknowledged()).as("cut at %d", cut).hasSize(expected + 1);
                assertThat(o.files()).containsExactly(state(9));
            }
        }
    }

    @Test
    void damageThatIsNotATornTailIsReported() throws IOException {
        try (Outbox o = Outbox.open(dir, 1)) {
            o.append(List.of(state(1)), entries(1));
            o.append(List.of(state(2)), entries(2));
        }
        byte[] bytes = Files.readAllBytes(segment());
        bytes[bytes.length - 1] ^= 1;
        Files.write(segment(), bytes);
        assertThatThrownBy(() -> Outbox.open(dir))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("batches are missing before");
    }

    @Test
    void acknowledgedSegmentsGo() throws IOException {
        try (Outbox o = Outbox.open(dir, 1)) {
            for (int i = 1; i <= 5; i++) {
                o.append(List.of(state(i)), entries(i));
            }
            o.acknowledge(3);
            o.checkpoint();
            assertThat(segment().getFileName()).hasToString("outbox-0000000000000004");
        }
        try (Outbox o = Outbox.open(dir, 1)) {
            assertThat(o.unacknowledged()).extracting(Batch::sequence).containsExactly(4L, 5L);
            o.acknowledge(5);
            o.checkpoint();
            assertThat(o.diskBytes()).isZero();
            assertThat(o.append(List.of(state(6)), entries(6)).sequence()).isEqualTo(6);
        }
    }
}
