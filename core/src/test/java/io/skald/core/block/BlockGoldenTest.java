/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.block;

import static org.assertj.core.api.Assertions.assertThat;

import io.skald.core.model.Labels;
import io.skald.core.model.StoreException.CorruptData;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Version 1 of the block format on file; see {@link Golden}. */
class BlockGoldenTest {
    private static final long T = 1_767_225_600_000_000_000L;

    /** One row: nothing is compressed, no date. */
    private static List<RandomRows.Row> plain() {
        return List.of(new RandomRows.Row(-1, "one line, ünïcode", Labels.of("k", "v")));
    }

    /** Dates, metadata of both kinds, an empty line, compressed columns. */
    private static List<RandomRows.Row> dated() {
        List<RandomRows.Row> rows = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            Labels metadata = i % 20 == 7
                    ? Labels.of("detected_level", "error", "trace_id", "0af7651916cd43dd" + i)
                    : Labels.of("detected_level", "info");
            String line = i == 30
                    ? ""
                    : String.format(java.util.Locale.ROOT, "2026-01-01T00:00:%02d.000Z request %d done", i, i * i);
            rows.add(new RandomRows.Row(T + i * 1_000_000_000L, line, metadata));
        }
        return rows;
    }

    @Test
    void version1IsRead() throws IOException, CorruptData {
        byte[] plain = Golden.read("block-1-plain");
        assertThat(RandomRows.read(BlockReader.open("golden", plain, 0, plain.length, 0)))
                .isEqualTo(plain());
        byte[] dated = Golden.read("block-1-dated");
        BlockReader reader = BlockReader.open("golden", dated, 0, dated.length, 0);
        assertThat(RandomRows.read(reader)).isEqualTo(dated());
        assertThat(reader.linesNeedTimes()).isTrue();
    }

    @Test
    void version1IsWritten() throws IOException {
        Golden.check(
                "block-1-plain", RandomRows.write(new BlockWriter(), plain()).toByteArray());
        Golden.check(
                "block-1-dated", RandomRows.write(new BlockWriter(), dated()).toByteArray());
    }
}
