/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.skald.core.model.Labels;
import io.skald.core.model.StoreException.CorruptData;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What goes into a block comes out of it. */
class BlockPropertyTest {
    @Test
    void rowsComeOutAsTheyWentIn() throws CorruptData {
        long first = System.nanoTime();
        // one writer for all, so that what a block leaves behind in it would show
        BlockWriter writer = new BlockWriter();
        long[] times = new long[100];
        byte[] lines = new byte[1 << 20];
        int[] offsets = new int[100];
        for (long seed = first; seed < first + 150; seed++) {
            List<RandomRows.Row> rows = new RandomRows(seed).next();
            byte[] block = RandomRows.write(writer, rows).toByteArray();
            assertThat(writer.isEmpty()).isTrue();
            byte[] shifted = new byte[block.length + 7];
            System.arraycopy(block, 0, shifted, 7, block.length);
            BlockReader reader = BlockReader.open("test", shifted, 7, block.length, 0);
            assertThat(RandomRows.read(reader)).as("seed %d", seed).isEqualTo(rows);
            assertThat(reader.blockLength()).isEqualTo(block.length);
            assertThat(reader.minNanos())
                    .isEqualTo(rows.stream()
                            .mapToLong(RandomRows.Row::timestampNanos)
                            .min()
                            .orElseThrow());
            assertThat(reader.maxNanos())
                    .isEqualTo(rows.stream()
                            .mapToLong(RandomRows.Row::timestampNanos)
                            .max()
                            .orElseThrow());
            // buffers that are taken over may be longer than the rows
            times = reader.times(times);
            lines = reader.lines(lines);
            offsets = reader.lineOffsets(offsets);
            for (int i = 0; i < rows.size(); i++) {
                assertThat(times[i]).isEqualTo(rows.get(i).timestampNanos());
                assertThat(new String(lines, offsets[i], offsets[i + 1] - offsets[i], StandardCharsets.UTF_8))
                        .isEqualTo(rows.get(i).line());
            }
        }
    }

    @Test
    void aPrefixGivesAllButTheLines() throws CorruptData {
        long first = System.nanoTime();
        BlockWriter writer = new BlockWriter();
        for (long seed = first; seed < first + 30; seed++) {
            List<RandomRows.Row> rows = new RandomRows(seed).next();
            for (RandomRows.Row r : rows) {
                byte[] b = r.line().getBytes(StandardCharsets.UTF_8);
                writer.add(r.timestampNanos(), b, 0, b.length, r.metadata());
            }
            ByteSink out = new ByteSink(16);
            BlockWriter.Summary s = writer.finish(out);
            byte[] prefix = Arrays.copyOf(out.array(), s.prefixLength());
            BlockReader reader = BlockReader.open("test", prefix, 0, prefix.length, 0);
            int[] offsets = reader.lineOffsets(null);
            BlockMetadata metadata = reader.metadata();
            long[] times = reader.times(null);
            for (int i = 0; i < rows.size(); i++) {
                assertThat(times[i]).as("seed %d", seed).isEqualTo(rows.get(i).timestampNanos());
                assertThat(metadata.row(i))
                        .as("seed %d", seed)
                        .isEqualTo(rows.get(i).metadata());
                assertThat(offsets[i + 1] - offsets[i])
                        .isEqualTo(rows.get(i).line().getBytes(StandardCharsets.UTF_8).length);
            }
            if (s.lineBytes() > 0) {
                assertThatThrownBy(() -> reader.lines(null))
                        .isInstanceOf(CorruptData.class)
                        .hasMessageContaining("offset");
            }
        }
    }

    @Test
    void namesThatAreNoValidTextAndEmptyOnesAreWritten() throws CorruptData {
        BlockWriter writer = new BlockWriter();
        Labels odd = Labels.of("\ud800", "a", "?", "b", "", "c", "z", "\udfff");
        for (int i = 0; i < 3; i++) {
            writer.add(i, new byte[0], 0, 0, odd);
        }
        ByteSink out = new ByteSink(16);
        writer.finish(out);
        BlockMetadata metadata =
                BlockReader.open("test", out.array(), 0, out.size(), 0).metadata();
        assertThat(metadata.row(1).get("z")).isEqualTo("?");
        assertThat(metadata.row(1).get("")).isEqualTo("c");
        assertThat(metadata.row(1).get("?")).isIn("a", "b");
    }

    @Test
    void limitsAreHeldOnWriting() {
        BlockWriter writer = new BlockWriter();
        byte[] big = new byte[BlockFormat.MAX_LINE_BYTES];
        writer.add(1, big, 0, big.length, Labels.EMPTY);
        assertThatThrownBy(() -> writer.add(1, big, 0, 1, Labels.EMPTY))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("block too large");
        assertThat(writer.rows()).isEqualTo(1);
        writer.reset();
        assertThatThrownBy(() -> writer.finish(new ByteSink(1))).isInstanceOf(IllegalStateException.class);
    }
}
