/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.block;

import static org.assertj.core.api.Assertions.assertThat;

import io.skald.core.filter.SkipFilterBuilder;
import io.skald.core.model.Labels;
import io.skald.core.model.StoreException.CorruptData;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
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

    /** 64 KiB of much the same, so that there is a filter and the file is small. */
    private static List<RandomRows.Row> filtered() {
        String line = "GET /a/rather/long/path/that/is/always/the/same?and=a&query=that&is=too ".repeat(14);
        List<RandomRows.Row> rows = new ArrayList<>();
        for (int i = 0; i < 70; i++) {
            rows.add(new RandomRows.Row(T + i, line + i, Labels.of("detected_level", "unknown")));
        }
        return rows;
    }

    private static byte[] withFilter() {
        BlockWriter writer = new BlockWriter();
        for (RandomRows.Row r : filtered()) {
            byte[] line = r.line().getBytes(StandardCharsets.UTF_8);
            writer.add(r.timestampNanos(), line, 0, line.length, r.metadata());
        }
        ByteSink out = new ByteSink(16);
        writer.finish(out, new SkipFilterBuilder(), "agent-1");
        return out.toByteArray();
    }

    @Test
    void smallerFilterOfVersion1IsRead() throws IOException, CorruptData {
        filterIsRead("block-1-filter");
    }

    @Test
    void filterOfVersion1IsRead() throws IOException, CorruptData {
        filterIsRead("block-1-filter-24");
    }

    @Test
    void filterInPartsIsRead() throws IOException, CorruptData {
        filterIsRead("block-1-filter-parts");
    }

    private static void filterIsRead(String name) throws IOException, CorruptData {
        byte[] golden = Golden.read(name);
        BlockReader reader = BlockReader.open("golden", golden, 0, golden.length, 0);
        assertThat(RandomRows.read(reader)).isEqualTo(filtered());
        BlockReader.Filter filter = Objects.requireNonNull(reader.filter());
        assertThat(filter.builtBy()).isEqualTo("agent-1");
        assertThat(filter.filter().same(reader.buildFilter(new SkipFilterBuilder(), filter.filter())))
                .isTrue();
        // a copy is the block without its filter
        ByteSink copy = new ByteSink(16);
        BlockWriter.Summary summary = reader.copyTo(copy);
        byte[] written = RandomRows.write(new BlockWriter(), filtered()).toByteArray();
        assertThat(copy.toByteArray()).isEqualTo(written);
        assertThat(summary.length()).isEqualTo(written.length);
        BlockReader prefix = BlockReader.open("golden", written, 0, summary.prefixLength(), 0);
        assertThat(prefix.metadata().row(3)).isEqualTo(Labels.of("detected_level", "unknown"));
    }

    @Test
    void filterOfVersion1IsWritten() throws IOException {
        Golden.check("block-1-filter-parts", withFilter());
    }
}
