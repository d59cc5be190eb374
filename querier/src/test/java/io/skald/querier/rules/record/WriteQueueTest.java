/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.record;

import static org.assertj.core.api.Assertions.assertThat;

import io.skald.core.model.Labels;
import io.skald.core.model.TenantId;
import io.skald.querier.rules.eval.Recorded;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WriteQueueTest {
    private static final TenantId A = new TenantId("a");
    private static final TenantId B = new TenantId("b");

    @TempDir
    private Path dir;

    private static byte[] bytes(String s) {
        return s.getBytes(StandardCharsets.UTF_8);
    }

    private static List<String> read(List<WriteQueue.Item> items) {
        return items.stream()
                .map(i -> i.tenant() + ":" + new String(i.message(), StandardCharsets.UTF_8))
                .toList();
    }

    @Test
    void whatWaitsIsThereAfterAKill() throws Exception {
        WriteQueue q = WriteQueue.open(dir, 40, 1 << 20);
        for (int i = 0; i < 5; i++) {
            q.add(1000 + i, A, bytes("m" + i));
        }
        List<WriteQueue.Item> first = q.peek(3);
        assertThat(read(first)).containsExactly("a:m0", "a:m1");
        q.done(first.getLast());
        q.sync();
        q.add(2000, B, bytes("b"));
        // killed here: nothing is closed
        try (WriteQueue again = WriteQueue.open(dir, 40, 1 << 20)) {
            List<WriteQueue.Item> items = again.peek(1 << 20);
            assertThat(read(items)).containsExactly("a:m2", "a:m3", "a:m4");
            again.done(items.getLast());
            again.add(3000, B, bytes("c"));
            items = again.peek(1 << 20);
            assertThat(read(items)).containsExactly("b:b", "b:c");
            again.done(items.getLast());
            assertThat(again.bytes()).isZero();
            assertThat(again.peek(10)).isEmpty();
        }
        try (var files = Files.list(dir)) {
            assertThat(files.count()).isEqualTo(2);
        }
    }

    @Test
    void aFileEndsWhereARecordIsNotWhole() throws Exception {
        try (WriteQueue q = WriteQueue.open(dir, 1 << 20, 1 << 20)) {
            q.add(1, A, bytes("one"));
            q.add(2, A, bytes("two"));
        }
        Path file = dir.resolve("000000000001.queue");
        byte[] whole = Files.readAllBytes(file);
        for (int cut = 0; cut <= whole.length; cut++) {
            Files.write(file, java.util.Arrays.copyOf(whole, cut));
            try (WriteQueue q = WriteQueue.open(dir, 1 << 20, 1 << 20)) {
                q.add(3, A, bytes("three"));
                List<String> expected = new ArrayList<>();
                if (cut >= whole.length / 2) {
                    expected.add("a:one");
                }
                if (cut == whole.length) {
                    expected.add("a:two");
                }
                expected.add("a:three");
                assertThat(read(q.peek(1 << 20))).as("cut at %d", cut).isEqualTo(expected);
            }
            try (var files = Files.list(dir)) {
                for (Path p : files.filter(p -> !p.equals(file)).toList()) {
                    Files.delete(p);
                }
            }
        }
        // a flipped bit
        whole[whole.length - 1] ^= 1;
        Files.write(file, whole, StandardOpenOption.TRUNCATE_EXISTING);
        try (WriteQueue q = WriteQueue.open(dir, 1 << 20, 1 << 20)) {
            assertThat(read(q.peek(1 << 20))).containsExactly("a:one");
        }
    }

    @Test
    void damageUnderARightChecksumEndsAFileToo() throws Exception {
        Files.writeString(dir.resolve("notes.queue"), "not of ours");
        try (WriteQueue q = WriteQueue.open(dir, 1 << 20, 1 << 20)) {
            q.add(1, A, bytes("one"));
        }
        Path file = dir.resolve("000000000001.queue");
        byte[] good = Files.readAllBytes(file);
        for (int damage : new int[] {0, 2, 5, 200}) {
            byte[] bad = good.clone();
            bad[16] = (byte) damage;
            CRC32C crc = new CRC32C();
            crc.update(bad, 8, bad.length - 8);
            ByteBuffer.wrap(bad).putInt(4, (int) crc.getValue());
            Files.write(file, bad);
            Files.writeString(dir.resolve("position"), "1 -5");
            try (WriteQueue q = WriteQueue.open(dir, 1 << 20, 1 << 20)) {
                assertThat(read(q.peek(1 << 20)).size()).as("length %d", damage).isLessThan(2);
            }
        }
    }

    /** The second file is the one that opening makes. */
    @ParameterizedTest
    @ValueSource(strings = {"", "1", "x y", "1 -5", "1 500", "2 5", "2 500"})
    void aPositionThatIsNoneSendsAllAgain(String position) throws Exception {
        try (WriteQueue q = WriteQueue.open(dir, 1 << 20, 1 << 20)) {
            q.add(1, A, bytes("one"));
        }
        Files.writeString(dir.resolve("position"), position);
        try (WriteQueue q = WriteQueue.open(dir, 1 << 20, 1 << 20)) {
            q.add(2, A, bytes("two"));
            assertThat(read(q.peek(1 << 20))).containsExactly("a:one", "a:two");
        }
    }

    @Test
    void tooMuchDropsTheOldest() throws Exception {
        try (WriteQueue q = WriteQueue.open(dir, 100, 400)) {
            for (int i = 0; i < 100; i++) {
                q.add(i, A, bytes("m" + i));
            }
            assertThat(q.bytes()).isLessThanOrEqualTo(400);
            assertThat(q.droppedFiles()).isPositive();
            assertThat(read(q.peek(1 << 20)).getLast()).isEqualTo("a:m99");
        }
    }

    /** The bytes of a message, by hand: labels sorted, the value as a double, the time in milliseconds. */
    @Test
    void messagesAreThoseOfPrometheus() {
        Recorded r = new Recorded(A, Labels.of("__name__", "m", "a", "b"), 1_000_000_000L, 1.5);
        String label1 = "0a0d" + "0a085f5f6e616d655f5f" + "12016d";
        String label2 = "0a06" + "0a0161" + "120162";
        String sample = "120c" + "09000000000000f83f" + "10e807";
        String series = label1 + label2 + sample;
        assertThat(HexFormat.of().formatHex(WriteRequests.encode(List.of(r), Labels.of("a", "x"))))
                .isEqualTo("0a" + "%02x".formatted(series.length() / 2) + series);
    }

    @Test
    void theLastValuesCanBeScraped() {
        LatestSamples l = new LatestSamples(Labels.of("cluster", "c"));
        l.record(List.of(
                new Recorded(A, Labels.of("__name__", "m", "a", "q\"\\\n"), 1_000_000_000L, 1.5),
                new Recorded(A, Labels.of("__name__", "gone"), 1_000_000_000L, 1),
                new Recorded(B, Labels.of("__name__", "other"), 1_000_000_000L, 1)));
        l.record(List.of(new Recorded(A, Labels.of("__name__", "gone"), 2_000_000_000L, Recorded.STALE)));
        assertThat(l.text(A)).isEqualTo("# TYPE m untyped\nm{a=\"q\\\"\\\\\\n\",cluster=\"c\"} 1.5 1000\n");
    }
}
