/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.block;

import static org.assertj.core.api.Assertions.assertThat;

import io.skald.core.model.Labels;
import io.skald.core.model.StoreException.CorruptData;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Dates of lines: which are taken out, and that they come back. */
class StampColumnTest {
    private static final long NANOS =
            Instant.parse("2026-02-28T23:59:58.123456789Z").getEpochSecond() * 1_000_000_000L + 123_456_789;

    private final StampColumn stamps = new StampColumn();
    private final ByteSink rest = new ByteSink(100);

    private int cut(String line) {
        byte[] b = line.getBytes(StandardCharsets.UTF_8);
        return stamps.cut(new long[] {NANOS}, new int[] {b.length}, 1, b, rest);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            2026-02-28T23:59:58Z x                          | 19
            2026-02-28 23:59:58,123 x                       | 23
            {"ts":"2026-02-28T23:59:58.123456Z"}            | 26
            2026-02-28T23:59:58.123456789+01:00             | 29
            2026-02-28T23:59:58.12 x                        | 19
            1.2.3.4 - - [28/Feb/2026:23:59:58 +0000] "GET"  | 20
            Feb 28 23:59:58 host app: x                     | 15
            Feb  8 23:59:58 host app: x                     | 15
            [Sat Feb 28 23:59:58 2026] [notice] x           | 20
            26/02/28 23:59:58 INFO x                        | 17
            260228 235958 12 INFO x                         | 13
            2026/02/28 23:59:58 [error] x                   | 19
            Feb 08 23:59:58 host: zero before the day       | 0
            2026-02-29 00:00:00 is no day of that year      | 0
            Feb 29 23:59:58 neither here                    | 0
            2026-02-28 24:00:00 is no time                  | 0
            2026-02-28 23:59:60 nor is this                 | 0
            9999-12-31 23:59:59 is beyond the range         | 0
            1969-12-31 23:59:59 is before it                | 0
            at 23:59:58 without a day                       | 0
            23:59:58                                        | 0
            ''                                              | 0
            """)
    void takesDatesOut(String line, int bytes) {
        assertThat(cut(line)).isEqualTo(bytes);
        assertThat(rest.size()).isEqualTo(line.getBytes(StandardCharsets.UTF_8).length - bytes);
    }

    /** What is taken out of one line must not depend on the line before. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            2026-02-28T23:59:58.123Z     | 2026-02-28T23:59:00.999Z     | 23
            2026-02-28T23:59:58.123Z     | 2026-02-28T23:59:60.123Z     | 0
            2026-02-28T23:59:58.123Z     | 2026-02-28T23:59:5x.123Z     | 0
            2026-02-28T23:59:58.123Z     | 2026-02-28T23:59:59,123Z     | 23
            2026-02-28T23:59:58.123Z     | 2026-02-28T23:59:59.12xZ     | 19
            2026-02-28T23:59:58Z         | 2026-02-29T23:59:58Z         | 0
            Feb 28 23:59:58 host         | Feb 28 23:59:07 host         | 15
            Sat Feb 28 23:59:58 2026 x   | Sat Feb 28 23:59:57 2025 x   | 20
            Sat Feb 28 23:59:58 2026 x   | Sat Feb 28 23:59:57 9999 x   | 15
            260228 235958 12 INFO        | 260228 235901 12 INFO        | 13
            """)
    void takesDatesOutAfterAnother(String first, String second, int bytes) throws CorruptData {
        int before = cut(first);
        byte[] both = (first + second).getBytes(StandardCharsets.UTF_8);
        int[] lengths = {first.length(), second.length()};
        assertThat(stamps.cut(new long[] {NANOS, NANOS + 400L * 86_400_000_000_000L}, lengths, 2, both, rest) - before)
                .isEqualTo(bytes);
        BlockWriter writer = new BlockWriter();
        writer.add(NANOS, both, 0, lengths[0], Labels.EMPTY);
        writer.add(NANOS + 400L * 86_400_000_000_000L, both, lengths[0], lengths[1], Labels.EMPTY);
        ByteSink out = new ByteSink(100);
        BlockWriter.Summary s = writer.finish(out);
        assertThat(BlockReader.open("block", out.array(), 0, s.length(), 0).lines(null))
                .isEqualTo(both);
    }

    @Test
    void aLineThatIsItsTimeTakesNextToNothing() throws CorruptData {
        BlockWriter writer = new BlockWriter();
        StringBuilder all = new StringBuilder();
        for (int i = 0; i < 2000; i++) {
            long t = NANOS + i * 1_234_567_890L;
            String line = Instant.ofEpochSecond(t / 1_000_000_000, t % 1_000_000_000)
                    .toString()
                    .replaceAll("\\.(\\d{3})\\d*Z|Z", ".$1");
            byte[] b = line.getBytes(StandardCharsets.UTF_8);
            writer.add(t, b, 0, b.length, Labels.EMPTY);
            all.append(line);
        }
        ByteSink out = new ByteSink(16);
        BlockWriter.Summary s = writer.finish(out);
        assertThat(s.length() - s.prefixLength()).isLessThan(200);
        BlockReader reader = BlockReader.open("test", out.array(), 0, out.size(), 0);
        assertThat(reader.linesNeedTimes()).isTrue();
        assertThat(new String(reader.lines(null), StandardCharsets.UTF_8)).isEqualTo(all.toString());
    }
}
