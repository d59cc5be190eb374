/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.head;

import static org.assertj.core.api.Assertions.assertThat;

import io.skald.core.disk.Disk;
import io.skald.core.model.TenantId;
import io.skald.core.wire.BlockPush.LineRange;
import io.skald.core.wire.HeldLines;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LineLedgerTest {
    private static final TenantId A = new TenantId("a");
    private static final HeldLines.Origin ORIGIN = new HeldLines.Origin("node", "g1");

    @SuppressWarnings("NullAway.Init") // set by JUnit
    @TempDir
    Path dir;

    private LineLedger open() {
        return LineLedger.open(Disk.REAL, dir.resolve("lines"));
    }

    private static void add(LineLedger l, long first, long count, long missing, long now) {
        l.add(A, "node", List.of(new LineRange("g1", first, count, missing)), now);
    }

    @Test
    void aGapIsThereUntilItsLinesComeAndOutlivesARestart() throws Exception {
        LineLedger l = open();
        add(l, 0, 10, 0, 1000);
        assertThat(l.lines(List.of())).isEmpty();
        add(l, 20, 10, 0, 2000);
        add(l, 30, 10, 0, 3000);
        assertThat(l.lines(List.of()))
                .containsExactly(new HeldLines(
                        ORIGIN,
                        List.of(A),
                        List.of(new HeldLines.Span(0, 10, 1000), new HeldLines.Span(20, 40, 2000)),
                        List.of(),
                        3000));
        add(l, 15, 2, 0, 4000);
        l.save(4000);
        LineLedger again = open();
        assertThat(again.lines(List.of(ORIGIN)).getFirst().spans())
                .as("both parts of the gap are as old as it was")
                .containsExactly(
                        new HeldLines.Span(0, 10, 1000),
                        new HeldLines.Span(15, 17, 2000),
                        new HeldLines.Span(20, 40, 2000));
        add(again, 10, 5, 0, 5000);
        add(again, 10, 10, 0, 5000);
        assertThat(again.lines(List.of())).isEmpty();
        assertThat(again.lines(List.of(ORIGIN)).getFirst().spans()).containsExactly(new HeldLines.Span(0, 40, 1000));
    }

    @Test
    void whatTheAgentGaveUpIsToldOnceHoweverOftenItIsSaid() {
        LineLedger l = open();
        add(l, 0, 100, 7, 1000);
        add(l, 0, 100, 7, 2000);
        assertThat(l.lines(List.of()).getFirst().givenUp()).containsExactly(new HeldLines.GivenUp(0, 100, 7, 1000));
        for (int i = 1; i < 100; i++) {
            add(l, 100L * i, 100, 1, 1000);
        }
        List<HeldLines.GivenUp> all = l.lines(List.of()).getFirst().givenUp();
        assertThat(all).hasSizeLessThan(50);
        assertThat(all.stream().mapToLong(HeldLines.GivenUp::missing).sum()).isEqualTo(7 + 99);
    }

    @Test
    void memoryIsBoundedAndADamagedFileIsNothing() throws Exception {
        LineLedger l = open();
        for (int i = 0; i < 60_000; i++) {
            l.add(A, "node", List.of(new LineRange("g" + i, 0, 1, 0)), 1000 + i);
        }
        for (int i = 0; i < 2000; i++) {
            add(l, 10L * i, 1, 0, 100_000);
        }
        assertThat(l.size()).isLessThanOrEqualTo(50_000);
        assertThat(l.lines(List.of()).getFirst().spans()).hasSizeLessThanOrEqualTo(256);
        l.save(100_000);
        byte[] bytes = Files.readAllBytes(dir.resolve("lines"));
        bytes[bytes.length / 2] ^= 1;
        Files.write(dir.resolve("lines"), bytes);
        assertThat(open().size()).isZero();
        l.save(100_000 + 8L * 24 * 3600 * 1000);
        assertThat(open().size()).as("a week is over").isZero();
    }

    @Test
    void anyOrderGivesTheSameSpans() {
        for (long seed = 1; seed <= 50; seed++) {
            Random random = new Random(seed);
            LineLedger l = open();
            BitSet there = new BitSet();
            for (int i = 0; i < 60; i++) {
                int first = random.nextInt(300);
                int count = random.nextInt(12);
                there.set(first, first + count);
                add(l, first, count, 0, i);
                BitSet held = new BitSet();
                for (HeldLines.Span s : l.lines(List.of(ORIGIN)).getFirst().spans()) {
                    assertThat(held.length()).as("seed " + seed).isLessThan((int) Math.max(1, s.first()));
                    held.set((int) s.first(), (int) s.end());
                }
                assertThat(held).as("seed " + seed).isEqualTo(there);
            }
        }
    }
}
