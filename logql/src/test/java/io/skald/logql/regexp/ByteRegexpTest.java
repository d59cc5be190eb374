/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.regexp;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ByteRegexpTest {
    private static final String[] ATOMS = {
        "a",
        "b",
        "k",
        "S",
        "é",
        "€",
        "😀",
        "ab",
        ".",
        "\\d",
        "\\D",
        "\\w",
        "\\s",
        "\\S",
        "[a-c]",
        "[^a]",
        "[^é]",
        "[K-S]",
        "[[:alpha:]]",
        "[[:^digit:]]",
        "[\\d.]",
        "\\.",
        "^",
        "$",
        "1",
        " ",
        "\\n",
        "[é-€]",
        "(?:)",
        "-",
        "[]a]",
        "[a\\-z]"
    };
    private static final String[] REPEATS = {"", "", "", "", "*", "+", "?", "*?", "+?", "{2}", "{1,3}", "{0,2}", "{2,}"
    };
    private static final String[] TEXTS = {
        "a", "b", "c", "k", "K", "s", "S", "\u212a", "\u017f", "é", "É", "€", "😀", "1", "9", " ", "\n", ".", "-", "_",
        "]", "z"
    };

    private static String expression(Random random, int depth) {
        StringBuilder out = new StringBuilder();
        for (int n = 1 + random.nextInt(4); n > 0; n--) {
            if (depth > 0 && random.nextInt(3) == 0) {
                String open = new String[] {"(", "(?:", "(?i:", "(?s:", "(?P<n" + random.nextInt(1 << 20) + ">"}
                        [random.nextInt(5)];
                out.append(open)
                        .append(expression(random, depth - 1))
                        .append(random.nextBoolean() ? "|" + expression(random, depth - 1) : "")
                        .append(')');
            } else {
                out.append(ATOMS[random.nextInt(ATOMS.length)]);
            }
            out.append(REPEATS[random.nextInt(REPEATS.length)]);
        }
        return out.toString();
    }

    /** The automaton agrees with a regular expression engine on random expressions and lines. */
    @Test
    void agreesWithAnEngine() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        int done = 0;
        for (int i = 0; i < 1500; i++) {
            String regexp = (random.nextInt(4) == 0 ? "(?i)" : "") + expression(random, 2);
            if (regexp.contains("(?i") && (regexp.contains("[^") || regexp.contains("€]"))) {
                // the engine folds each character of a class, which takes it a tenth of a second
                continue;
            }
            Pattern pattern;
            try {
                pattern = Pattern.compile(regexp);
            } catch (PatternSyntaxException e) {
                continue;
            }
            ByteRegexp automaton = ByteRegexp.of(regexp);
            if (automaton == null) {
                continue;
            }
            done++;
            for (int k = 0; k < 20; k++) {
                StringBuilder text = new StringBuilder();
                for (int n = random.nextInt(12); n > 0; n--) {
                    text.append(TEXTS[random.nextInt(TEXTS.length)]);
                }
                byte[] line = text.toString().getBytes(StandardCharsets.UTF_8);
                if (regexp.contains("^") && line.length > text.length()) {
                    // behind a character of several bytes the engine takes ^ for true
                    continue;
                }
                byte[] within = ("a" + text + "b").getBytes(StandardCharsets.UTF_8);
                assertThat(automaton.find(within, 1, 1 + line.length))
                        .as("seed %d: '%s' in '%s'", seed, regexp, text)
                        .isEqualTo(pattern.matcher(line).find() ? ByteRegexp.Answer.MATCH : ByteRegexp.Answer.NO_MATCH);
            }
        }
        assertThat(done).as("expressions that an automaton can do").isGreaterThan(200);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "(?i)connection (reset|refused|timed out|broken)",
                "authentication failure|Failed password|BREAK-IN ATTEMPT|[Ii]nvalid user",
                "payment.*status.:5",
                "^\\d{4}-\\d\\d",
                "(\\d+\\.){3}\\d+",
                "level=(error|fatal)$",
                "\"status\":5\\d\\d"
            })
    void whatIsInUseCanBeDone(String regexp) {
        assertThat(ByteRegexp.of(regexp)).isNotNull();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"\\bword\\b", "(?m)^a$", "\\pL", "\\Qa.b\\E", "(?U)a*", "(?i)é", "[[:alpha:]é]{1000}(a{100}){30}"
            })
    void theRestIsLeftToAnEngine(String regexp) {
        assertThat(ByteRegexp.of(regexp)).isNull();
    }

    @ParameterizedTest
    @CsvSource({"(a+)+$,a", "(a*)*b,a", "(.*)(.*)(.*)(.*)(.*)[0-9]x,7", "(a|a)*(a|b)*c,a", "(x+x+)+y,x"})
    void nestedRepetitionTakesLinearTime(String regexp, String filler) {
        ByteRegexp automaton = Objects.requireNonNull(ByteRegexp.of(regexp));
        byte[] line = new byte[4 << 20];
        Arrays.fill(line, (byte) filler.charAt(0));
        line[line.length - 1] = '!';
        long begin = System.nanoTime();
        assertThat(automaton.find(line, 0, line.length)).isEqualTo(ByteRegexp.Answer.NO_MATCH);
        assertThat((System.nanoTime() - begin) / 1e9).as("seconds for 4 MB").isLessThan(5);
    }

    /** An expression with 2^20 states gives up early and says so. */
    @Test
    void tooManyStatesAreGivenUp() {
        ByteRegexp automaton = Objects.requireNonNull(ByteRegexp.of("[ab]*a[ab]{20}c"));
        Random random = new Random(3);
        byte[] line = new byte[64 << 10];
        for (int i = 0; i < line.length; i++) {
            line[i] = (byte) (random.nextBoolean() ? 'a' : 'b');
        }
        ByteRegexp.Answer last = ByteRegexp.Answer.MATCH;
        for (int i = 0; i < 40; i++) {
            last = automaton.find(line, 0, line.length);
        }
        assertThat(last).isEqualTo(ByteRegexp.Answer.UNKNOWN);
    }
}
