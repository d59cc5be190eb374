/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.pattern;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WordsTest {
    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '"',
            value = {
                "abc def,abc",
                "abc: def,abc",
                "abc:def. ghi,abc:def",
                "10.0.0.1:80,10.0.0.1:80",
                "\"1,234,x\",\"1,234\"",
                "a=1,a",
                "/path/to?a=1&b=2 x,/path/to?a=1&b=2",
                "what?a=1,what",
                "x-y_z@h|,x-y_z@h"
            })
    void aWordEndsWhereItDoes(String line, String word) {
        byte[] b = line.getBytes(StandardCharsets.UTF_8);
        assertThat((int) Words.end(b, 0, b.length, b.length)).isEqualTo(word.length());
        assertThat(Words.skip(b, 0, b.length)).isEqualTo(word.length());
    }

    @Test
    void eightBytesAtATimeOrOneByOneIsTheSame() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        String alphabet = "abzAZ0189.:/-_,?=& \"[]%é\u0001";
        for (int n = 0; n < 200_000; n++) {
            StringBuilder text = new StringBuilder();
            for (int i = random.nextInt(40) + 1; i > 0; i--) {
                text.append(
                        alphabet.charAt(random.nextBoolean() ? random.nextInt(8) : random.nextInt(alphabet.length())));
            }
            byte[] b = text.toString().getBytes(StandardCharsets.UTF_8);
            int from = random.nextInt(b.length);
            int to = from + 1 + random.nextInt(b.length - from);
            if (!Words.begins(b[from])) {
                continue;
            }
            long end = Words.end(b, from, to, to);
            int expected = (end >>> 32 & (Words.LETTER | Words.DIGIT)) == 0 ? -1 : (int) end;
            assertThat(Words.skip(b, from, to))
                    .as("seed %d, '%s' from %d to %d", seed, text, from, to)
                    .isEqualTo(expected);
        }
    }
}
