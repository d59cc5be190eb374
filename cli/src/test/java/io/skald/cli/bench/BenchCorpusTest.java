/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class BenchCorpusTest {
    @Test
    void sameSeedGivesTheSameDayAndKnowsWhatIsInIt() {
        BenchCorpus a = new BenchCorpus(3, 60_000_000, 0);
        BenchCorpus b = new BenchCorpus(3, 60_000_000, 0);
        long tokens = 0;
        long traces = 0;
        long phrases = 0;
        long errors = 0;
        long lines = 0;
        while (a.hasNext()) {
            var left = a.next();
            var right = b.next();
            for (int i = 0; i < left.size(); i++) {
                assertThat(Arrays.deepHashCode(left.get(i).lines()))
                        .isEqualTo(Arrays.deepHashCode(right.get(i).lines()));
                assertThat(left.get(i).timestampNanos())
                        .isEqualTo(right.get(i).timestampNanos())
                        .isSorted();
                for (byte[] l : left.get(i).lines()) {
                    String s = new String(l, StandardCharsets.UTF_8);
                    lines++;
                    tokens += s.contains(BenchCorpus.TOKEN) ? 1 : 0;
                    traces += s.contains(BenchCorpus.TRACE) ? 1 : 0;
                    phrases += s.contains(BenchCorpus.PHRASE) ? 1 : 0;
                    errors += s.contains("\"status\":5") ? 1 : 0;
                }
            }
        }
        assertThat(b.hasNext()).isFalse();
        assertThat(tokens).isEqualTo(1);
        assertThat(traces).isEqualTo(a.traces()).isPositive();
        assertThat(phrases).isEqualTo(a.phrases()).isEqualTo(BenchCorpus.PHRASES);
        assertThat(errors).isEqualTo(a.jsonErrors());
        assertThat(lines).isEqualTo(a.lines());
    }
}
