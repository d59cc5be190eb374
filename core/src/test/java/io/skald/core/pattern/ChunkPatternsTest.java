/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.pattern;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.skald.core.block.ByteSink;
import io.skald.core.model.Labels;
import io.skald.core.model.StoreException.CorruptData;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class ChunkPatternsTest {
    private static final long BUCKET = ChunkPatterns.BUCKET_NANOS;
    private static final Labels INFO = Labels.of("detected_level", "info");

    private final PatternRecorder recorder = new PatternRecorder();
    private final ByteSink out = new ByteSink(16);
    private final Map<String, PatternMiner> miners = new TreeMap<>();

    private void add(long bucket, String line, Labels metadata) {
        byte[] b = line.getBytes(StandardCharsets.UTF_8);
        recorder.add(bucket * BUCKET, b, 0, b.length, metadata);
    }

    private ChunkPatterns written() {
        out.reset();
        recorder.end(out);
        return new ChunkPatterns("test", out.toByteArray(), 0, out.size());
    }

    private List<String> mined() {
        List<String> rows = new ArrayList<>();
        miners.forEach((level, m) -> {
            for (PatternMiner.Mined p : m.mined()) {
                rows.add(level + ": " + p.pattern() + " " + Arrays.toString(p.steps()) + Arrays.toString(p.counts()));
            }
        });
        return rows;
    }

    private PatternMiner miner(String level) {
        return miners.computeIfAbsent(level, k -> new PatternMiner());
    }

    @Test
    void whatWasMinedIsRead() throws Exception {
        for (int i = 0; i < 40; i++) {
            add(100 + i / 10, "user " + i * 7919 + " logged in from 10.0.0." + i, INFO);
            add(100, "job done in " + i + " ms, state: ready", Labels.EMPTY);
        }
        ChunkPatterns read = written();
        assertThat(read.verify()).isEqualTo(80);
        read.addTo(this::miner, b -> true, BUCKET);
        assertThat(mined())
                .containsExactly(
                        ": job done in <_> ms, state: ready [100][40]",
                        "info: user <_> logged in from <_> [100, 101, 102, 103][10, 10, 10, 10]");
    }

    @Test
    void chunksAreMergedAndCutByBuckets() throws Exception {
        for (int i = 0; i < 6; i++) {
            add(i, "took " + i + " ms", INFO);
        }
        ChunkPatterns first = written();
        for (int i = 0; i < 6; i++) {
            add(i, "took " + (99 + i) + " ms", INFO);
        }
        ChunkPatterns second = written();
        first.addTo(this::miner, b -> b >= 2, 2 * BUCKET);
        second.addTo(this::miner, b -> b < 3, 2 * BUCKET);
        assertThat(mined()).containsExactly("info: took <_> ms [0, 1, 2][2, 3, 2]");
        byte[] b = "took 5000 ms".getBytes(StandardCharsets.UTF_8);
        miner("info").add(b, 0, b.length, 7);
        assertThat(mined()).containsExactly("info: took <_> ms [0, 1, 2, 7][2, 3, 2, 1]");
    }

    @Test
    void everyLineIsCountedWhateverItIs() throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        String[] words = {
            "a", "bb", "7", "x=1", "\"k\":", "1,2", "p.", "::", "/q?a=b&c", "é", "[z]", "{", "%", "12:30:00."
        };
        for (int chunk = 0; chunk < 60; chunk++) {
            int lines = 1 + random.nextInt(3000);
            for (int i = 0; i < lines; i++) {
                StringBuilder line = new StringBuilder();
                for (int w = random.nextInt(random.nextInt(20) == 0 ? 400 : 7); w >= 0; w--) {
                    line.append(words[random.nextInt(words.length)]).append(random.nextInt(4) == 0 ? "" : " ");
                }
                add(random.nextInt(5), line.toString(), random.nextBoolean() ? INFO : Labels.EMPTY);
            }
            ChunkPatterns read = written();
            assertThat(read.verify()).as("seed %d", seed).isEqualTo(lines);
            miners.clear();
            read.addTo(this::miner, b -> true, BUCKET);
            long sum = miners.values().stream()
                    .flatMap(m -> m.mined().stream())
                    .mapToLong(PatternMiner.Mined::total)
                    .sum();
            assertThat(sum).as("seed %d", seed).isEqualTo(lines);
        }
    }

    @Test
    void damageIsReported() {
        for (int i = 0; i < 40; i++) {
            add(1, "user " + i + " logged in", INFO);
        }
        recorder.end(out);
        for (int n = 0; n < out.size(); n++) {
            ChunkPatterns cut = new ChunkPatterns("test", out.toByteArray(), 0, n);
            assertThatThrownBy(cut::verify).isInstanceOf(CorruptData.class);
        }
        Random random = new Random(7);
        for (int i = 0; i < 2000; i++) {
            byte[] b = out.toByteArray();
            b[random.nextInt(b.length)] ^= (byte) (1 << random.nextInt(8));
            try {
                new ChunkPatterns("test", b, 0, b.length).verify();
            } catch (CorruptData e) {
                assertThat(e).hasMessageContaining("test");
            }
        }
    }
}
