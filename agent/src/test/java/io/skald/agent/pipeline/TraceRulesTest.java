/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.pipeline;

import io.skald.agent.spool.FileState.Format;
import io.skald.core.model.Labels;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Stack traces among ordinary lines: 10,000 of them, at least 99.9 % whole, and hardly a line that does not belong to one. */
class TraceRulesTest {
    @ParameterizedTest
    @ValueSource(longs = {7})
    void tenThousandTraces(long seed) {
        TraceCorpus corpus = new TraceCorpus(seed);
        List<String> got = new ArrayList<>();
        Pipeline p = JobPipeline.PLAIN.open(Format.PLAIN, e -> got.add(e.text()));
        long order = 0;
        for (String line : corpus.lines()) {
            byte[] b = line.getBytes(StandardCharsets.UTF_8);
            p.process(new LogEntry(Labels.EMPTY, Labels.EMPTY, order++, 1, b, 0, b.length));
        }
        p.flush(Long.MAX_VALUE, true);
        corpus.check("stack traces, as a stage, seed " + seed, got);
    }
}
