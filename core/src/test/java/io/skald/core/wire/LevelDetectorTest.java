/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LevelDetectorTest {
    private static String level(String line) {
        byte[] b = ("x" + line + "y").getBytes(StandardCharsets.UTF_8);
        return LevelDetector.ofLine(b, 1, b.length - 2, 2);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "level=warn msg=x | warn",
                "ts=1 lvl=ERR msg=\"level=info\" | error",
                "msg=\"level=info\" | info",
                "a=\"b\"level=debug | debug",
                "x=level=error | error",
                "{\"a\":1,\"level\":\"WARNING\"} | warn",
                "{\"a\":{\"level\":\"fatal\"}} | fatal",
                "{\"a\":{\"b\":{\"level\":\"fatal\"}}} | fatal",
                "{\"a\":{\"b\":{\"level\":\"inf\"}}} | unknown",
                "{\"severity\":\"Critical\"} | critical",
                "{\"level\":\"information\"} | info",
                "2026-01-01 ERROR something | error",
                "Information about nothing | unknown",
                "[warn] disk | warn",
                "_error_ error_ xerror | unknown",
                "errors are no error | error",
                "err | error",
                "ends in trace | trace",
                "one error and then some lvl=warn | warn",
                "one error and then some tty=warn | error",
                "Critical x=1 | critical",
                "nothing here | unknown"
            })
    void finds(String line, String expected) {
        assertThat(level(line)).isEqualTo(expected);
    }

    @Test
    void agreesWithThePlainFormOnAnyLine() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        String[] parts = {
            "level",
            "Level",
            "severity",
            "lvl",
            "log.level",
            "tty=",
            " lvl=",
            " level=",
            "SeverityText",
            "info",
            "ERROR",
            "Warn",
            "warning",
            "err",
            "critical",
            "fatal",
            "information",
            "trc",
            "=",
            "=",
            "\"",
            "\"",
            "\\",
            " ",
            " ",
            "\t",
            "\n",
            ":",
            ":",
            ",",
            "{",
            "}",
            "[",
            "]",
            "x",
            "in",
            "er",
            "tr",
            "fatality",
            "information fort",
            "9warn",
            "debu",
            "_",
            "9",
            "\u00fc",
            "a longer word",
            "\0"
        };
        for (int n = 0; n < 60_000; n++) {
            StringBuilder sb = new StringBuilder(random.nextInt(3) == 0 ? "{" : "");
            for (int i = random.nextInt(14); i >= 0; i--) {
                sb.append(parts[random.nextInt(parts.length)]);
            }
            byte[] b = ("\"=" + sb + "=\"").getBytes(StandardCharsets.UTF_8);
            assertThat(LevelDetector.ofLine(b, 2, b.length - 4, 2))
                    .as("seed %d, line %s", seed, sb)
                    .isEqualTo(PlainLevels.ofLine(b, 2, b.length - 4, 2));
        }
    }

    @Test
    void takesAnyBytes() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int n = 0; n < 50_000; n++) {
            byte[] b = new byte[random.nextInt(40)];
            random.nextBytes(b);
            assertThat(LevelDetector.ofLine(b, 0, b.length, 2))
                    .as("seed %d", seed)
                    .isEqualTo(PlainLevels.ofLine(b, 0, b.length, 2));
        }
    }
}
