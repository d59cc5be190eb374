/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.re2j.PatternSyntaxException;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RegexpTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "(?i)\u1c80",
                "(?i)x\u1c88y",
                "(?i)\\\u1c84",
                "(?i)\\x{1c85}",
                "(?i)[b-\\x{10ffff}]",
                "(?is)[\u0430-\u2000]",
                "(?s)a(?mi:[\\x{1000}-\\x{1C80}])",
                "(?i)[\\x62-\\x{ffff}]",
                "(?i)[\\102-\uffff]",
                "(?i)[\\[-\u2000]",
                "(?i)[\\--\u2000]",
                "(?i)[--\u2000]",
                "(?i)[\\a-\u2000]",
                "(?i)\\Q\\x{41\u1c84\\E",
                "(?i)\\Q\u1c81\\E"
            })
    void refusesWhatWouldNeverEnd(String regexp) {
        assertThatThrownBy(() -> Regexp.compile(regexp))
                .isInstanceOf(PatternSyntaxException.class)
                .hasMessageContaining("U+1C80 to U+1C88");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[b-\\x{10ffff}]",
                "\u1c80",
                "(?i)[^a]",
                "(?i)[A-\\x{10ffff}]",
                "(?i)[\u0430-\u044f]",
                "(?i)[\\x{2000}-\\x{10ffff}]",
                "(?i)\\pL\\PN",
                "(?i)a-z",
                "(?i)[a\\-\u2000]",
                "(?s-i)x",
                "(?i)[[:alpha:]\u2000]"
            })
    void compilesTheRest(String regexp) {
        Assertions.assertTimeoutPreemptively(
                Duration.ofSeconds(20),
                () -> assertThat(Regexp.compile(regexp).pattern()).isEqualTo(regexp));
    }

    /** Whatever is compiled is compiled in no time. */
    @Test
    void endsAlways() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        String[] parts = {
            "a",
            "[",
            "]",
            "-",
            "^",
            "\\x{1c80}",
            "\\x{1c7f}",
            "\\x{1c89}",
            "\\x{10ffff}",
            "\\x41",
            "\\x{41",
            "\\",
            "\\101",
            "\\7",
            "\u1c84",
            "\u2000",
            "(?i)",
            "(?i:",
            ")",
            "\\-",
            "\\Q",
            "\\E",
            "\\pL",
            "\\d",
            "[:alpha:]",
            "{",
            "}",
            "\ud800\udc00"
        };
        Assertions.assertTimeoutPreemptively(
                Duration.ofSeconds(60),
                () -> {
                    for (int i = 0; i < 20_000; i++) {
                        StringBuilder b = new StringBuilder("(?i)");
                        for (int n = random.nextInt(9); n >= 0; n--) {
                            b.append(parts[random.nextInt(parts.length)]);
                        }
                        String regexp = b.toString();
                        try {
                            assertThat(Regexp.compile(regexp).pattern()).isEqualTo(regexp);
                        } catch (PatternSyntaxException e) {
                            assertThat(e.getMessage()).isNotEmpty();
                        }
                    }
                },
                "seed " + seed);
    }
}
