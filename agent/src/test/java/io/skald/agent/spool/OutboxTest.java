/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.spool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.skald.agent.discover.FileId;
import io.skald.agent.spool.FileState.Format;
import io.skald.agent.spool.FileState.Held;
import io.skald.agent.spool.FileState.Position;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import io.skald.core.model.TenantId;
import io.skald.core.wire.BlockEncoder;
import io.skald.core.wire.BlockPush;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
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
                "job",
                new FileId(1, 2),
                "f",
                offset,
                3,
                4,
                99,
                12,
                Format.CRI,
                Position.OPEN_LINE,
                List.of(new Held(1, 5, new byte[] {1, 2})));
    }

    private static Outbox open(Path dir) throws IOException {
        return Outbox.open(dir, List.of("c"));
    }

    private static List<Item> append(Outbox o, int number) throws IOException {
        EntryBatch b = new EntryBatch(STREAM);
        byte[] line = ("line " + number).getBytes(StandardCharsets.UTF_8);
        b.add(number * 10L, line, 0, line.length, Labels.EMPTY);
        b.add(number * 10L + 1, line, 2, 0, Labels.of("k", "v"));
        byte[] push = BlockPush.encode(
                o.agent(), o.epoch(), o.nextPush(TenantId.DEFAULT), new BlockEncoder(-1).encode(List.of(b)));
        return o.append(
                List.of(new Outbox.Part(TenantId.DEFAULT, 2, 6, push)),
                List.of(state(number)),
                Map.of("s", "" + number));
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
    void comesBackAsItWas() throws Exception {
        String agent;
        long epoch;
        try (Outbox o = open(dir)) {
            agent = o.agent();
            epoch = o.epoch();
            List<Item> first = append(o, 1);
            assertThat(first).extracting(Item::sequence).containsExactly(1L);
            append(o, 2);
            o.acknowledge("c", first.getFirst());
            o.checkpoint(o.marks());
            append(o, 3);
        }
        try (Outbox o = open(dir)) {
            assertThat(o.agent()).isEqualTo(agent);
            assertThat(o.epoch()).isGreaterThan(epoch);
            assertThat(o.files()).containsExactly(state(3));
            assertThat(o.cursors()).isEqualTo(Map.of("s", "3"));
            assertThat(o.marks()).isEqualTo(Map.of(new Marks.Stream(TenantId.DEFAULT, STREAM), 31L));
            List<Item> pending = o.pending("c");
            assertThat(pending).extracting(Item::sequence).containsExactly(2L, 3L);
            byte[] bytes = o.read(pending.get(1));
            BlockPush push = BlockPush.decode(bytes, bytes.length);
            assertThat(push.epoch()).isEqualTo(epoch);
            assertThat(push.sequence()).isEqualTo(3);
            assertThat(push.blocks()).extracting(BlockPush.Block::labels).containsExactly(STREAM);
        }
    }

    @Test
    void aTornTailWasNeverSentAndIsLeftAside() throws IOException {
        int[] ends = new int[4];
        try (Outbox o = open(dir)) {
            for (int i = 1; i <= 3; i++) {
                append(o, i);
                ends[i] = (int) o.diskBytes();
            }
        }
        byte[] whole = Files.readAllBytes(segment());
        Path name = segment().getFileName();
        // every byte of the last record and of what is around the others' ends, and some of the rest
        for (int cut = 0; cut <= whole.length; cut += cut < ends[2] && cut % 16 > 1 ? 7 : 1) {
            Path copy = Files.createDirectory(dir.resolve("cut" + cut));
            Files.write(copy.resolve(name), Arrays.copyOf(whole, cut));
            int expected = cut >= ends[3] ? 3 : cut >= ends[2] ? 2 : cut >= ends[1] ? 1 : 0;
            try (Outbox o = open(copy)) {
                assertThat(o.pending("c")).as("cut at %d", cut).hasSize(expected);
                assertThat(append(o, 9)).extracting(Item::sequence).containsExactly(expected + 1L);
            }
            try (Outbox o = open(copy)) {
                assertThat(o.pending("c")).as("cut at %d", cut).hasSize(expected + 1);
                assertThat(o.files()).containsExactly(state(9));
            }
        }
    }

    @Test
    void damageThatIsNotATornTailIsReported() throws IOException {
        try (Outbox o = Outbox.open(dir, List.of("c"), 1)) {
            append(o, 1);
            append(o, 2);
        }
        byte[] bytes = Files.readAllBytes(segment());
        bytes[bytes.length - 1] ^= 1;
        Files.write(segment(), bytes);
        assertThatThrownBy(() -> open(dir))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("records are missing before");
    }

    @Test
    void acknowledgedSegmentsGo() throws IOException {
        try (Outbox o = Outbox.open(dir, List.of("c"), 1)) {
            for (int i = 1; i <= 5; i++) {
                List<Item> items = append(o, i);
                if (i <= 3) {
                    o.acknowledge("c", items.getFirst());
                }
            }
            o.checkpoint(o.marks());
            assertThat(segment().getFileName()).hasToString("outbox-0000000000000004");
        }
        try (Outbox o = Outbox.open(dir, List.of("c"), 1)) {
            List<Item> pending = o.pending("c");
            assertThat(pending).extracting(Item::sequence).containsExactly(4L, 5L);
            pending.forEach(i -> o.acknowledge("c", i));
            o.checkpoint(o.marks());
            assertThat(o.diskBytes()).isZero();
            assertThat(append(o, 6)).extracting(Item::sequence).containsExactly(6L);
        }
    }

    /** A client that is slow, and a tenant that is, keep what is theirs; others go on. */
    @Test
    void eachClientHasItsOwnPlace() throws IOException {
        try (Outbox o = Outbox.open(dir, List.of("a", "b"), 1)) {
            List<Item> first = append(o, 1);
            append(o, 2);
            o.acknowledge("a", first.getFirst());
            o.checkpoint(o.marks());
        }
        try (Outbox o = Outbox.open(dir, List.of("a", "b"), 1)) {
            assertThat(o.pending("a")).extracting(Item::sequence).containsExactly(2L);
            assertThat(o.pending("b")).extracting(Item::sequence).containsExactly(1L, 2L);
        }
    }
}
