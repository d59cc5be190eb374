/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** No bytes from outside make a decoder of the agent fail, hang, or take more memory than its bound. {@link AgentFuzz} under Jazzer looks longer. */
class AgentFuzzTest {
    private static final Path SEEDS = Path.of("src/test/resources/fuzz");
    private static final Logger QUIET = Logger.getLogger("io.skald");

    static List<String> decoders() {
        return AgentFuzz.DECODERS;
    }

    @ParameterizedTest
    @MethodSource("decoders")
    void whateverTheBytesTheyAreTakenOrRefused(String decoder) throws Exception {
        byte[] good = Files.readAllBytes(SEEDS.resolve(decoder));
        Level before = QUIET.getLevel();
        QUIET.setLevel(Level.OFF);
        try {
            AgentFuzz.run(decoder, good);
            long seed = System.nanoTime();
            Random random = new Random(seed);
            for (int i = 0; i < 300; i++) {
                byte[] bad =
                        Arrays.copyOf(good, random.nextInt(8) == 0 ? random.nextInt(good.length + 9) : good.length);
                for (int n = 1 + random.nextInt(4); n > 0 && bad.length > 0; n--) {
                    bad[random.nextInt(bad.length)] =
                            random.nextBoolean() ? (byte) random.nextInt(256) : bad[random.nextInt(bad.length)];
                }
                int run = i;
                assertThatCode(() -> AgentFuzz.run(decoder, bad))
                        .as(() -> decoder + ", seed " + seed + ", run " + run)
                        .doesNotThrowAnyException();
            }
        } finally {
            QUIET.setLevel(before);
        }
    }

    /** The list that .ci/fuzz goes through is this one. */
    @Test
    void allAreFuzzed() throws Exception {
        assertThat(Files.readString(Path.of("../.ci/fuzz")))
                .contains("for decoder in " + String.join(" ", AgentFuzz.DECODERS) + ";");
    }
}
