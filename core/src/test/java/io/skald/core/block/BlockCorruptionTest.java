/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;

import com.sun.management.ThreadMXBean;
import io.skald.core.model.StoreException.CorruptData;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Bytes that are not a block as it was written are found out: {@link CorruptData} or the same rows, never anything else. */
@Timeout(120)
class BlockCorruptionTest {
    /** Far less than the format would let a block claim. */
    private static final long MAX_ALLOCATED = 8 << 20;

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private static List<RandomRows.Row> smallRows(long seed) {
        RandomRows random = new RandomRows(seed);
        List<RandomRows.Row> rows = random.next();
        while (rows.size() < 3
                || rows.size() > 40
                || rows.stream().anyMatch(r -> r.line().length() > 300)) {
            rows = random.next();
        }
        return rows;
    }

    /** Reads everything; no rows if the block was refused. */
    private List<RandomRows.Row> tryRead(byte[] b, int length, String what) {
        long before = threads.getCurrentThreadAllocatedBytes();
        try {
            return RandomRows.read(BlockReader.open("object", b, 0, length, 1000));
        } catch (CorruptData e) {
            assertThat(e.getMessage()).as(what).contains("object").contains("offset");
            return List.of();
        } catch (RuntimeException | Error e) {
            return fail(what, e);
        } finally {
            assertThat(threads.getCurrentThreadAllocatedBytes() - before)
                    .as(what)
                    .isLessThan(MAX_ALLOCATED);
        }
    }

    @Test
    void everyFlippedBitIsFound() {
        long seed = System.nanoTime();
        List<RandomRows.Row> rows = smallRows(seed);
        byte[] good = RandomRows.write(new BlockWriter(), rows).toByteArray();
        for (int i = 0; i < good.length * 8; i++) {
            byte[] bad = good.clone();
            bad[i / 8] ^= (byte) (1 << i % 8);
            String what = "seed " + seed + ", bit " + i;
            assertThat(tryRead(bad, bad.length, what)).as(what).isIn(List.of(), rows);
        }
    }

    @Test
    void everyByteReplacedIsFound() {
        long seed = System.nanoTime();
        List<RandomRows.Row> rows = smallRows(seed);
        byte[] good = RandomRows.write(new BlockWriter(), rows).toByteArray();
        for (int i = 0; i < good.length; i++) {
            for (int v : new int[] {0, 0x7f, 0x80, 0xff}) {
                byte[] bad = good.clone();
                bad[i] = (byte) v;
                String what = "seed " + seed + ", byte " + i + " is " + v;
                assertThat(tryRead(bad, bad.length, what)).as(what).isIn(List.of(), rows);
            }
        }
    }

    @Test
    void everyTruncationIsFound() {
        long seed = System.nanoTime();
        List<RandomRows.Row> rows = smallRows(seed);
        byte[] good = RandomRows.write(new BlockWriter(), rows).toByteArray();
        for (int n = 0; n < good.length; n++) {
            String what = "seed " + seed + ", cut at " + n;
            assertThat(tryRead(Arrays.copyOf(good, n), n, what)).as(what).isIn(List.of(), rows);
            assertThat(tryRead(good, n, what)).as(what).isIn(List.of(), rows);
        }
    }

    @Test
    void nothingIsNoFrame() {
        byte[] b = new byte[3];
        for (int rawLength : new int[] {0, 5}) {
            for (int at : new int[] {0, b.length}) {
                assertThatThrownBy(() -> Zstandard.decompress(b, at, 0, rawLength, "x", 7))
                        .isInstanceOf(CorruptData.class)
                        .hasMessageContaining("x: frame at offset 7");
            }
        }
    }

    /** A writer that means harm gets its checksums right, so what lies behind them must hold too. */
    @Test
    void changesUnderRightChecksumsDoNoHarm() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        BlockWriter writer = new BlockWriter();
        byte[] good = new byte[0];
        for (int n = 0; n < 4000; n++) {
            if (n % 200 == 0) {
                good = RandomRows.write(writer, smallRows(++seed)).toByteArray();
            }
            byte[] b = good.clone();
            int changes = 1 + random.nextInt(3);
            StringBuilder what = new StringBuilder("seed ").append(seed).append(", changed");
            for (int c = 0; c < changes; c++) {
                // half of them in the header
                int at = random.nextBoolean() ? random.nextInt(Math.min(b.length, 200)) : random.nextInt(b.length);
                int v = random.nextInt(3) == 0 ? 0xff : random.nextInt(256);
                what.append(' ').append(at).append('=').append(v);
                b[at] = (byte) v;
            }
            seal(b);
            // may be a block of other rows: nothing can tell
            tryRead(b, b.length, what.toString());
        }
    }

    /** Sets all checksums to what the bytes now are, as far as the header still says where they belong. */
    private static void seal(byte[] b) {
        int header = u32(b, 8);
        if (header < BlockFormat.FIXED_HEADER_LENGTH + 4 || header > b.length) {
            return;
        }
        int at = BlockFormat.FIXED_HEADER_LENGTH;
        long column = header;
        while (at + 15 <= header - 4) {
            int length = u32(b, at + 2);
            if (length < 0 || column + length > b.length) {
                break;
            }
            setU32(b, at + 10, crc(b, (int) column, length));
            column += length;
            at += 15 + (b[at + 14] & 0x7f);
        }
        setU32(b, header - 4, crc(b, 0, header - 4));
    }

    private static int u32(byte[] b, int at) {
        return b[at] & 0xff | (b[at + 1] & 0xff) << 8 | (b[at + 2] & 0xff) << 16 | b[at + 3] << 24;
    }

    private static void setU32(byte[] b, int at, int v) {
        for (int i = 0; i < 4; i++) {
            b[at + i] = (byte) (v >> 8 * i);
        }
    }

    private static int crc(byte[] b, int offset, int length) {
        CRC32C crc = new CRC32C();
        crc.update(b, offset, length);
        return (int) crc.getValue();
    }
}
