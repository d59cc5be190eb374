/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.pattern;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

final class PatternMinerTest {
    private static PatternMiner mine(List<String> lines) {
        PatternMiner miner = new PatternMiner();
        for (int i = 0; i < lines.size(); i++) {
            add(miner, lines.get(i), i / 10);
        }
        return miner;
    }

    private static void add(PatternMiner miner, String line, long step) {
        byte[] b = ("..." + line + "...").getBytes(StandardCharsets.UTF_8);
        miner.add(b, 3, b.length - 3, step);
    }

    private static Map<String, Long> found(PatternMiner miner) {
        Map<String, Long> out = new LinkedHashMap<>();
        miner.mined().forEach(m -> out.put(m.pattern(), m.total()));
        return out;
    }

    private static List<String> lines(int n, java.util.function.IntFunction<String> line) {
        return IntStream.range(0, n).mapToObj(line).toList();
    }

    static Stream<Arguments> forms() {
        return Stream.of(
                Arguments.of(
                        lines(200, i -> "user " + i * 7 + " logged in from 10.0.0." + i + " after " + i * 13 + "ms"),
                        Map.of("user <_> logged in from <_> after <_>", 200L)),
                Arguments.of(
                        lines(
                                50,
                                i -> "level=info msg=\"request served\" status=200 path=/api/item/" + i + " took=" + i
                                        + "ms"),
                        Map.of("level=info msg=\"request served\" status=200 path=<_> took=<_>", 50L)),
                Arguments.of(lines(20, i -> "connection " + i + " closed"), Map.of("connection <_> closed", 20L)),
                // a message that is always the same has no wildcard
                Arguments.of(lines(3, i -> "server started"), Map.of("server started", 3L)),
                // one line is its own pattern
                Arguments.of(List.of("order 17 shipped"), Map.of("order 17 shipped", 1L)),
                // compact JSON is cut at its quotes
                Arguments.of(
                        lines(
                                9,
                                i -> "{\"ts\":\"2026-03-01T00:00:0" + i + "Z\",\"msg\":\"order placed\",\"id\":" + i
                                        + "}"),
                        Map.of("{\"ts\":\"<_>\",\"msg\":\"order placed\",\"id\":<_>}", 9L)),
                // lines that say something else are told apart
                Arguments.of(
                        lines(40, i -> i % 4 == 0 ? "connection " + i + " opened" : "connection " + i + " closed"),
                        Map.of("connection <_> closed", 30L, "connection <_> opened", 10L)),
                // other keys make another pattern
                Arguments.of(
                        lines(10, i -> i % 2 == 0 ? "a=1 b=" + i : "a=1 c=" + i),
                        Map.of("a=1 b=<_>", 5L, "a=1 c=<_>", 5L)),
                // a word without digits varies when there are many of it
                Arguments.of(
                        lines(52, i -> "hello " + (char) ('a' + i % 26) + (char) ('z' - i % 26)),
                        Map.of("hello <_>", 52L)),
                // or when the rest of the line agrees
                Arguments.of(
                        lines(2, i -> "the user " + (i == 0 ? "ann" : "bob") + " has logged in"),
                        Map.of("the user <_> has logged in", 2L)),
                // parameters belong to their path
                Arguments.of(lines(5, i -> "GET /search?q=" + i + "&page=" + i + " 200"), Map.of("GET <_> 200", 5L)),
                // what ends a sentence is not part of its last word
                Arguments.of(
                        lines(5, i -> "worker 1" + i + ": took 3." + i + " s of " + i + "."),
                        Map.of("worker <_>: took <_> s of <_>.", 5L)),
                Arguments.of(lines(3, i -> "sums [1,2," + i + "] ok"), Map.of("sums [<_>] ok", 3L)),
                Arguments.of(lines(2, i -> "größe " + i + " € übertragen"), Map.of("größe <_> € übertragen", 2L)),
                Arguments.of(lines(2, i -> ""), Map.of("", 2L)),
                // the end of a long line varies
                Arguments.of(lines(2, i -> "start " + "x".repeat(3000) + i), Map.of("start <_>", 2L)));
    }

    @ParameterizedTest
    @MethodSource("forms")
    void finds(List<String> lines, Map<String, Long> expected) {
        assertThat(found(mine(lines))).containsExactlyInAnyOrderEntriesOf(expected);
    }

    @Test
    void countsByStep() {
        PatternMiner.Mined m = mine(lines(25, i -> "tick " + i)).mined().getFirst();
        assertThat(m.steps()).containsExactly(0, 1, 2);
        assertThat(m.counts()).containsExactly(10, 10, 5);
    }

    @Test
    void stepsInAnyOrder() {
        PatternMiner miner = new PatternMiner();
        for (long step : new long[] {5, 1, 3, 1, 5, 9, 0}) {
            add(miner, "tick", step);
        }
        PatternMiner.Mined m = miner.mined().getFirst();
        assertThat(m.steps()).containsExactly(0, 1, 3, 5, 9);
        assertThat(m.counts()).containsExactly(1, 2, 1, 2, 1);
    }

    @Test
    void whatWasGivenUpIsCountedAsOfNoPattern() {
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < 2000; i++) {
            // as many skeletons as lines
            lines.add("(".repeat(i % 40) + "a" + "[".repeat(i / 40) + " only once");
            lines.add("this comes " + i + " times");
        }
        Map<String, Long> found = found(mine(lines));
        assertThat(found).containsEntry("this comes <_> times", 2000L);
        assertThat(found.get(PatternMiner.ANYTHING)).isGreaterThan(1500);
        assertThat(found.size()).isLessThanOrEqualTo(PatternMiner.MAX_CLUSTERS + 1);
        assertThat(found.values().stream().mapToLong(n -> n).sum()).isEqualTo(4000);
    }

    @Test
    void patternsOfSeveralStreamsBecomeOne() {
        PatternMiner all = new PatternMiner();
        for (int s = 0; s < 30; s++) {
            PatternMiner one = new PatternMiner();
            add(one, "order " + s + " shipped", 7);
            all.absorb(one);
        }
        assertThat(found(all)).containsExactly(Map.entry("order <_> shipped", 30L));
    }

    /** Whatever the lines are: all are counted, and each is of the pattern that counts it. */
    @Test
    void sumsAgreeAndPatternsFit() {
        for (int i = 0; i < 30; i++) {
            int seed = i;
            Random random = new Random(seed);
            List<String> lines = new ArrayList<>();
            PatternMiner all = new PatternMiner();
            for (int part = 0; part < 3; part++) {
                List<String> some = lines(random.nextInt(400), k -> line(random));
                lines.addAll(some);
                all.absorb(mine(some));
            }
            Map<String, Long> found = found(all);
            assertThat(found.values().stream().mapToLong(n -> n).sum())
                    .as("seed %d", seed)
                    .isEqualTo(lines.size());
            Map<String, Pattern> regexps = new LinkedHashMap<>();
            found.keySet().forEach(p -> regexps.put(p, regexp(p)));
            if (!found.containsKey(PatternMiner.ANYTHING)) {
                for (String line : lines) {
                    assertThat(regexps.values().stream()
                                    .anyMatch(p -> p.matcher(line).matches()))
                            .as("seed %d: %s in %s", seed, line, found)
                            .isTrue();
                }
            }
            found.forEach((text, count) -> assertThat(lines.stream()
                            .filter(l -> regexp(text).matcher(l).matches())
                            .count())
                    .as("seed %d: %s", seed, text)
                    .isGreaterThanOrEqualTo(text.equals(PatternMiner.ANYTHING) ? 0 : count));
        }
    }

    private static Pattern regexp(String pattern) {
        StringBuilder s = new StringBuilder();
        for (String literal : pattern.split(Pattern.quote(PatternMiner.ANYTHING), -1)) {
            s.append(s.isEmpty() ? "" : ".+").append(Pattern.quote(literal));
        }
        return Pattern.compile(s.toString(), Pattern.DOTALL);
    }

    private static String line(Random random) {
        String[] words = {
            "user",
            "ann",
            "bob",
            "GET",
            "/a/b",
            "/a/b?c=1",
            "17",
            "3ms",
            "k=v",
            "k=",
            "\"x\":1",
            "[",
            ",",
            "é",
            "::",
            "a,b",
            "1,2"
        };
        StringBuilder s = new StringBuilder();
        for (int i = random.nextInt(6); i >= 0; i--) {
            s.append(words[random.nextInt(words.length)]).append(random.nextInt(8) == 0 ? "" : " ");
        }
        return s.toString();
    }
}
