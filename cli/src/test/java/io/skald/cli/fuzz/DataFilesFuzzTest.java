/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.fuzz;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.skald.agent.discover.FileId;
import io.skald.agent.spool.FileState;
import io.skald.agent.spool.Item;
import io.skald.agent.spool.Marks;
import io.skald.agent.spool.Outbox;
import io.skald.cli.fuzz.WalTarget.Changed;
import io.skald.core.disk.Disk;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import io.skald.core.model.TenantId;
import io.skald.core.wire.BlockEncoder;
import io.skald.core.wire.BlockPush;
import io.skald.ingester.head.EncodedBlocks;
import io.skald.ingester.head.EncodedLines;
import io.skald.ingester.head.Head;
import io.skald.ingester.head.LineLedger;
import io.skald.ingester.head.PushId;
import io.skald.ingester.head.SeenPushes;
import io.skald.ingester.push.TenantGates;
import io.skald.storage.FormatFuzz;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What ingester and agent keep on their disks, over mutated bytes: {@code -Dskald.fuzzSeconds=600} for each. */
class DataFilesFuzzTest {
    private static final TenantId TENANT = new TenantId("t");

    /** Text without a checksum: what cannot be understood is passed over, and never keeps a process from starting. */
    private record DemotedLabels(Path file) implements FormatFuzz.Target {
        @Override
        public byte[] good() {
            return "t\tpod\nt\ttrace_id\nother\tä\n".getBytes(UTF_8);
        }

        @Override
        public byte[] mutated(byte[] good, Random random) {
            return FormatFuzz.mutate(good, random);
        }

        @Override
        public void read(byte[] bytes) throws Exception {
            Files.deleteIfExists(file);
            Files.write(file, bytes);
            assertThat(TenantGates.open(Disk.REAL, file).of(TENANT)).isNotNull();
        }

        @Override
        public boolean refusal(Exception e) {
            return false;
        }
    }

    /** Damage makes it forget, and nothing else. */
    private static final class Lines implements FormatFuzz.Target {
        private final Path file;

        Lines(Path file) {
            this.file = file;
        }

        @Override
        public byte[] good() throws Exception {
            LineLedger lines = LineLedger.open(Disk.REAL, file);
            Head head = head(SeenPushes.open(Disk.REAL, file.resolveSibling("seen-pushes")), lines);
            for (int i = 0; i < 60; i++) {
                BlockPush.LineRange r = new BlockPush.LineRange("g" + i % 7, 10L * i, 5 + i % 6, i % 5);
                head.durable(
                        List.of(EncodedLines.encode(
                                TENANT, "agent" + i % 3, List.of(r), System.currentTimeMillis() + i)),
                        i * 8L);
            }
            head.directory(1);
            return Files.readAllBytes(file);
        }

        @Override
        public byte[] mutated(byte[] good, Random random) {
            return summed(FormatFuzz.mutate(good, random));
        }

        @Override
        public void read(byte[] bytes) throws Exception {
            Files.deleteIfExists(file);
            Files.write(file, bytes);
            LineLedger lines = LineLedger.open(Disk.REAL, file);
            assertThat(head(SeenPushes.open(Disk.REAL, file.resolveSibling("none")), lines)
                            .lines(List.of()))
                    .isNotNull();
        }

        @Override
        public boolean refusal(Exception e) {
            return false;
        }
    }

    private static Head head(SeenPushes seen, LineLedger lines) {
        return new Head("i", Map.of(), seen, lines, new WalTarget.Events());
    }

    /** Little-endian, as blocks and what lies beside them. */
    private static byte[] summed(byte[] bytes) {
        if (bytes.length >= 12) {
            ByteBuffer.wrap(bytes)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putInt(bytes.length - 4, FormatFuzz.crc(bytes, 0, bytes.length - 4));
        }
        return bytes;
    }

    /** Damage makes it forget, and nothing else. */
    private static final class Seen implements FormatFuzz.Target {
        private final Path file;

        Seen(Path file) {
            this.file = file;
        }

        @Override
        public byte[] good() throws Exception {
            SeenPushes seen = SeenPushes.open(Disk.REAL, file);
            Head head = head(seen, LineLedger.open(Disk.REAL, file.resolveSibling("seen-lines")));
            for (int i = 1; i < 60; i++) {
                head.durable(
                        List.of(EncodedBlocks.encode(new PushId(TENANT, "agent" + i % 3, 7, i + i / 9, i), List.of())),
                        i * 8L);
            }
            head.directory(1);
            return Files.readAllBytes(file);
        }

        @Override
        public byte[] mutated(byte[] good, Random random) {
            byte[] bad = FormatFuzz.mutate(good, random);
            if (bad.length >= 12) {
                ByteBuffer.wrap(bad).putInt(bad.length - 4, FormatFuzz.crc(bad, 0, bad.length - 4));
            }
            return bad;
        }

        @Override
        public void read(byte[] bytes) throws Exception {
            Files.deleteIfExists(file);
            Files.write(file, bytes);
            SeenPushes seen = SeenPushes.open(Disk.REAL, file);
            PushId id = new PushId(TENANT, "agent1", 7, 5, 4);
            assertThat(seen.begin(id)).isNotNull();
            seen.done(id);
        }

        @Override
        public boolean refusal(Exception e) {
            return false;
        }
    }

    /** The agent's outbox: refused with the name of the file, as going on could lose lines unseen. */
    private static final class Outboxes implements FormatFuzz.Target {
        private final Path directory;
        private final String changed;

        Outboxes(Path directory, String changed) {
            this.directory = directory;
            this.changed = changed;
        }

        @Override
        public byte[] good() throws Exception {
            try (Outbox o = Outbox.open(directory, List.of("c"))) {
                for (int n = 1; n < 6; n++) {
                    o.append(List.of(part(o, n)), List.of(state(n)), Map.of("s", "" + n));
                    if (n == 3) {
                        Map<Marks.Stream, Long> marks = Map.of(new Marks.Stream(TENANT, Labels.of("a", "b")), 5L);
                        o.acknowledge(
                                "c",
                                o.pending("c").isEmpty()
                                        ? item()
                                        : o.pending("c").getFirst());
                        o.checkpoint(marks);
                    }
                }
            }
            return Files.readAllBytes(directory.resolve(changed));
        }

        private static Item item() {
            return new Item(1, 0, TENANT, 2, 12, 0, 1, 0, 0);
        }

        private static FileState state(int n) {
            return new FileState(
                    "job",
                    new FileId(1, 2),
                    "f",
                    n,
                    3,
                    4,
                    99,
                    12,
                    FileState.Format.CRI,
                    FileState.Position.OPEN_LINE,
                    List.of(new FileState.Held(1, 5, new byte[] {1, 2})));
        }

        private static Outbox.Part part(Outbox o, int n) {
            EntryBatch b = new EntryBatch(Labels.of("filename", "f"));
            byte[] line = ("line " + n).getBytes(UTF_8);
            b.add(n * 10L, line, 0, line.length, Labels.EMPTY);
            b.add(n * 10L + 1, line, 2, 0, Labels.of("k", "v"));
            byte[] push =
                    BlockPush.encode(o.agent(), o.epoch(), o.nextPush(TENANT), new BlockEncoder(-1).encode(List.of(b)));
            return new Outbox.Part(TENANT, 2, 6, push);
        }

        @Override
        public byte[] mutated(byte[] good, Random random) {
            byte[] bad = FormatFuzz.mutate(good, random);
            ByteBuffer b = ByteBuffer.wrap(bad).order(ByteOrder.LITTLE_ENDIAN);
            for (int at = 8; at + 16 <= bad.length; ) {
                int length = b.getInt(at);
                if (length < 0 || length > bad.length - at - 16) {
                    break;
                }
                sealPush(bad, at + 16, at + 16 + length);
                b.putInt(at + 4, FormatFuzz.crc(bad, at + 8, at + 16 + length));
                at += 16 + length;
            }
            return bad;
        }

        /** The checksum of the only push of a record: a time, a count, tenant, entries, bytes, and a length in two bytes. */
        private static void sealPush(byte[] bytes, int from, int end) {
            ByteBuffer b = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
            int at = from + 8 + 1;
            if (at >= end) {
                return;
            }
            at += 1 + (b.get(at) & 0x7f) + 2;
            if (at + 2 > end) {
                return;
            }
            int length = b.get(at) & 0x7f | (b.get(at + 1) & 0x7f) << 7;
            at += 2;
            if (length > 4 && at + length <= end) {
                b.putInt(at + length - 4, FormatFuzz.crc(bytes, at, at + length - 4));
            }
        }

        @Override
        public void read(byte[] bytes) throws Exception {
            try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "*.tmp")) {
                for (Path p : files) {
                    Files.delete(p);
                }
            }
            Files.deleteIfExists(directory.resolve(changed));
            Files.write(directory.resolve(changed), bytes);
            try (Outbox o = Outbox.open(directory, List.of("c"))) {
                for (Item i : o.pending("c")) {
                    assertThat(o.read(i)).hasSize(i.length());
                }
                assertThat(o.files()).isNotNull();
                assertThat(o.marks()).isNotNull();
            }
        }

        @Override
        public boolean refusal(Exception e) {
            return e instanceof IOException && String.valueOf(e.getMessage()).contains(directory.toString());
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "wal-files",
                "wal-last-file",
                "wal-directories",
                "seen-pushes",
                "seen-lines",
                "demoted-labels",
                "outbox",
                "positions",
                "identity"
            })
    void whateverTheBytesAStartCopes(String format, @TempDir Path directory) throws Exception {
        FormatFuzz.run(
                format,
                switch (format) {
                    case "wal-files" -> new WalTarget(directory, Changed.SEALED_FILES);
                    case "wal-last-file" -> new WalTarget(directory, Changed.LAST_FILE);
                    case "wal-directories" -> new WalTarget(directory, Changed.DIRECTORIES);
                    case "seen-pushes" -> new Seen(directory.resolve("seen-pushes"));
                    case "seen-lines" -> new Lines(directory.resolve("seen-lines"));
                    case "demoted-labels" -> new DemotedLabels(directory.resolve("demoted-labels"));
                    case "outbox" -> new Outboxes(directory, "outbox-0000000000000001");
                    default -> new Outboxes(directory, format);
                });
    }
}
