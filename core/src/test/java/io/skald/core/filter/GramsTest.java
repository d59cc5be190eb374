/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.filter;

import static org.assertj.core.api.Assertions.assertThat;

import io.skald.core.block.ByteSink;
import io.skald.core.block.ByteSource;
import io.skald.core.model.StoreException.CorruptData;
import java.util.Arrays;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class GramsTest {
    private static final String ALPHABET = "abcABC019 :/-_[]{}\"'\u0000\u007f";

    @Test
    void keysAreThoseOfEachLineByItself() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int round = 0; round < 200; round++) {
            int[] lengths = lengths(random);
            int offset = random.nextInt(20);
            byte[] text = text(random, offset + Arrays.stream(lengths).sum() + random.nextInt(20));
            assertThat(found(text, offset, lengths))
                    .as("seed %d round %d", seed, round)
                    .isEqualTo(naive(text, offset, lengths));
        }
    }

    @Test
    void partitionsHoldAllKeys() throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int round = 0; round < 25; round++) {
            int[] lengths = lengths(random);
            byte[] text = text(random, Arrays.stream(lengths).sum());
            SkipFilterBuilder builder = new SkipFilterBuilder();
            // also much more and much less room than there is usually
            builder.begin(random.nextInt(3) == 0 ? random.nextInt(20) : text.length * (1L + random.nextInt(300)));
            builder.lines(text, 0, lengths, lengths.length);
            builder.metadata("pod", "x" + round);
            SkipFilter filter = builder.finish();
            int bits = random.nextInt(7);
            ByteSink[] parts = new ByteSink[1 << bits];
            Arrays.setAll(parts, i -> new ByteSink(16));
            filter.partition(bits, parts);
            SkipFilter read = throughOnePart(filter);
            assertThat(read.same(filter)).as("seed %d round %d", seed, round).isTrue();
            assertThat(read.codedLength()).isEqualTo(filter.codedLength());
            ByteSink sent = new ByteSink(16);
            builder.finish().appendTo(sent);
            ByteSource source = new ByteSource("filter", sent.array(), 0, sent.size(), 0);
            assertThat(SkipFilter.decodeParts(source).same(filter))
                    .as("seed %d round %d", seed, round)
                    .isTrue();
            source.expectEnd();
            Set<Integer> keys = naive(text, 0, lengths);
            keys.add(SkipKeys.ofMetadata("pod", "x" + round));
            for (int key : keys) {
                assertThat(holds(filter, parts, bits, key))
                        .as("seed %d round %d key %d", seed, round, key)
                        .isTrue();
            }
            if (bits == 0) {
                // the length of one part is what was foretold
                int varint = ByteSink.varintLength(filter.codedLength());
                assertThat(parts[0].size())
                        .as("seed %d round %d", seed, round)
                        .isEqualTo(varint + filter.codedLength());
            }
        }
    }

    @Test
    void filterSaysNoMostly() {
        Random random = new Random(5);
        byte[] text = new byte[256 << 10];
        for (int i = 0; i < text.length; i++) {
            text[i] = (byte) (' ' + random.nextInt(90));
        }
        SkipFilterBuilder builder = new SkipFilterBuilder();
        builder.begin(text.length);
        builder.lines(text, 0, new int[] {text.length}, 1);
        SkipFilter filter = builder.finish();
        ByteSink[] parts = {new ByteSink(16)};
        filter.partition(0, parts);
        int yes = 0;
        for (int i = 0; i < 2000; i++) {
            yes += holds(filter, parts, 0, random.nextInt()) ? 1 : 0;
        }
        // 65,000 keys in room for 393,216
        assertThat(yes).isBetween(240, 370);
    }

    private static SkipFilter throughOnePart(SkipFilter filter) throws Exception {
        ByteSink[] part = {new ByteSink(16)};
        filter.partition(0, part);
        ByteSink one = new ByteSink(16);
        one.varint(filter.unit());
        one.u8(filter.parameter());
        one.bytes(part[0].array(), 0, part[0].size());
        return SkipFilter.decode(new ByteSource("filter", one.array(), 0, one.size(), 0));
    }

    /** What an agent says are parts may be anything: it says something else then, or nothing, and does no harm. */
    @Test
    void damagedPartsAreNoticed() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        byte[] text = text(random, 3000);
        SkipFilterBuilder builder = new SkipFilterBuilder();
        builder.begin(text.length);
        builder.lines(text, 0, new int[] {text.length}, 1);
        SkipFilter filter = builder.finish();
        ByteSink sent = new ByteSink(16);
        builder.finish().appendTo(sent);
        for (int round = 0; round < 2000; round++) {
            byte[] bytes = sent.toByteArray();
            int at = random.nextInt(bytes.length);
            bytes[at] ^= (byte) (1 << random.nextInt(8));
            int length = random.nextInt(4) == 0 ? at : bytes.length;
            SkipFilter read;
            try {
                read = SkipFilter.decodeParts(new ByteSource("filter", bytes, 0, length, 0));
            } catch (CorruptData e) {
                continue;
            }
            assertThat(read.same(filter)).as("seed %d round %d", seed, round).isFalse();
            for (int bits = 0; bits <= SkipFilter.UNIT_BITS; bits++) {
                ByteSink[] parts = new ByteSink[1 << bits];
                Arrays.setAll(parts, i -> new ByteSink(16));
                read.partition(bits, parts);
                holds(read, parts, bits, random.nextInt());
            }
        }
    }

    private static boolean holds(SkipFilter filter, ByteSink[] parts, int bits, int key) {
        ByteSink part = parts[SkipFilter.partitionOf(key, bits)];
        int begin = 0;
        while (part.array()[begin++] < 0) {}
        return SkipFilter.mayContain(key, filter.unit(), filter.parameter(), bits, part.array(), begin, part.size());
    }

    private static int[] lengths(Random random) {
        int[] lengths = new int[1 + random.nextInt(60)];
        int most = random.nextInt(4) == 0 ? 6000 : 300;
        Arrays.setAll(lengths, i -> random.nextInt(random.nextInt(4) == 0 ? 20 : most));
        return lengths;
    }

    private static byte[] text(Random random, int length) {
        byte[] text = new byte[length];
        for (int i = 0; i < length; i++) {
            boolean odd = random.nextInt(20) == 0;
            text[i] = odd ? (byte) random.nextInt() : (byte) ALPHABET.charAt(random.nextInt(ALPHABET.length()));
        }
        return text;
    }

    private static Set<Integer> found(byte[] text, int offset, int[] lengths) {
        Set<Integer> keys = new TreeSet<>();
        Grams grams = new Grams();
        // what another text left behind must not count
        grams.begin(text, 0, new int[] {text.length}, 1);
        while (grams.next()) {}
        grams.begin(text, offset, lengths, lengths.length);
        while (grams.next()) {
            for (int i = 0; i < grams.count(); i++) {
                keys.add(grams.keys()[i]);
            }
        }
        return keys;
    }

    /** As docs/formats/segment.md has it. */
    private static Set<Integer> naive(byte[] text, int offset, int[] lengths) {
        Set<Integer> keys = new TreeSet<>();
        int at = offset;
        for (int length : lengths) {
            for (int w = at; w + 12 <= at + length; w++) {
                int least = Integer.MAX_VALUE;
                for (int g = w; g < w + 7; g++) {
                    long gram = 0;
                    for (int i = 5; i >= 0; i--) {
                        int c = text[g + i] & 0xff;
                        gram = gram << 8 | (c >= 'A' && c <= 'Z' ? c + 32 : c);
                    }
                    least = Math.min(least, (int) (gram * 0x9E3779B97F4A7C15L >>> 32));
                }
                int x = least * 0x85EBCA6B;
                x ^= x >>> 13;
                keys.add(x * 0xC2B2AE35);
            }
            at += length;
        }
        return keys;
    }
}
