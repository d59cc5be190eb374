/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.prometheus.client.CollectorRegistry;
import io.skald.agent.config.Section;
import io.skald.agent.config.YamlFile;
import io.skald.core.config.ConfigException;
import io.skald.core.model.Labels;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RedactStageTest {
    private static final int[][] GROUPS = {
        {16}, {4, 4, 4, 4}, {4, 6, 5}, {15}, {4, 6, 4}, {13}, {14}, {19}, {6, 13}, {4, 4, 4, 1}
    };
    private static final String[] BEFORE = {
        "", " ", "card=", "\"", "é", "№ ", "12 ", "(", "x_", "id: ", "7-", "pan:", "\t", "a b "
    };
    private static final String[] AFTER = {
        "", " ", "\"", ", next", "é", ")", " 12/27", " 123", "-", " ", ".", ". Next", "_x", ";cvv=1"
    };

    private static String one(String yaml, String line) throws ConfigException {
        return StageRun.run(yaml, List.of(line)).getFirst().substring("{a=\"b\"} ".length());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "card 4111 1111 1111 1111, no card 4111111111111112|card <redacted:card>, no card 4111111111111112",
                "4111111111111111|<redacted:card>",
                "4111-1111-1111-1111 12/27 123|<redacted:card> 12/27 123",
                "two 4111111111111111,5555 5555 5555 4444.|two <redacted:card>,<redacted:card>.",
                "378282246310005 3782 822463 10005|<redacted:card> <redacted:card>",
                // what looks like one, and is something else: times, fractions, parts of names, numbers in a row
                "1700000000000 1700000000001 1700000000002 1700000000003 1700000000004 1700000000005 1700000000006 1700000000007 1700000000008 1700000000009|1700000000000 1700000000001 1700000000002 1700000000003 1700000000004 1700000000005 1700000000006 1700000000007 1700000000008 1700000000009",
                "0.4111111111111111 and 4111111111111111.5|0.4111111111111111 and 4111111111111111.5",
                "a4111111111111111 4111111111111111f|a4111111111111111 4111111111111111f",
                "41 11 11 11 11 11 11 11|41 11 11 11 11 11 11 11",
                "4111  1111 1111 1111|4111  1111 1111 1111",
                "41111111111111111111111111|41111111111111111111111111",
                "411111111111|411111111111",
            })
    void cards(String line, String expected) throws ConfigException {
        assertThat(one("- redact: {}", line)).isEqualTo(expected);
    }

    /** Whatever stands around it, no digit of a valid number is left. */
    @Test
    void aValidCardNumberIsAlwaysMasked() throws ConfigException {
        long seed = System.nanoTime();
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < 5000; i++) {
            int[] groups = GROUPS[random.nextInt(GROUPS.length)];
            String number = number(random, groups, true);
            String before = BEFORE[random.nextInt(BEFORE.length)];
            String after = AFTER[random.nextInt(AFTER.length)];
            String out = CARDS.run(before + number + after);
            assertThat(out).as("seed %d: %s|%s|%s", seed, before, number, after).contains("#");
            // in front of it and behind it digits may have gone too, which could be of one, but none of it stays
            assertThat(out.replaceAll("[^0-9]", "").length())
                    .as("seed %d: %s|%s|%s became %s", seed, before, number, after, out)
                    .isLessThanOrEqualTo(
                            (before + after).replaceAll("[^0-9]", "").length());
        }
    }

    @Test
    void anInvalidCardNumberNeverIs() throws ConfigException {
        long seed = System.nanoTime();
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < 5000; i++) {
            int[] groups = GROUPS[random.nextInt(GROUPS.length)];
            if (groups.length > 1 && groups[1] >= 13) {
                continue; // a part of it could be valid by itself
            }
            String line = "card=" + number(random, groups, false) + ", next";
            assertThat(CARDS.run(line)).as("seed %d", seed).isEqualTo(line);
        }
    }

    private static final Masker CARDS = new Masker("- redact: {tokens: false, emails: false, replacement: '#'}");

    /** Stages that are used again and again. */
    private static final class Masker {
        private final StageRun run;

        Masker(String yaml) {
            try {
                run = StageRun.of(yaml);
            } catch (ConfigException e) {
                throw new IllegalStateException(e);
            }
        }

        String run(String line) {
            run.line(line);
            return run.end().getFirst().substring("{a=\"b\"} ".length());
        }
    }

    private static String number(SplittableRandom random, int[] groups, boolean valid) {
        int length = 0;
        for (int g : groups) {
            length += g;
        }
        int[] digits = new int[length];
        digits[0] = 2 + random.nextInt(8);
        for (int i = 1; i < length - 1; i++) {
            digits[i] = random.nextInt(10);
        }
        int sum = 0;
        for (int i = 0; i < length - 1; i++) {
            int d = (length - i) % 2 == 0 ? digits[i] * 2 : digits[i];
            sum += d > 9 ? d - 9 : d;
        }
        int check = (10 - sum % 10) % 10;
        digits[length - 1] = valid ? check : (check + 1 + random.nextInt(9)) % 10;
        StringBuilder out = new StringBuilder();
        String separator = random.nextBoolean() ? " " : "-";
        int at = 0;
        for (int g : groups) {
            out.append(at == 0 ? "" : separator);
            for (int i = 0; i < g; i++) {
                out.append(digits[at++]);
            }
        }
        return out.toString();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "Authorization: Bearer abcdefgh.123|Authorization: Bearer <redacted:token>",
                "authorization: bearer\tAbC-12_3~4+5/6==, x|authorization: bearer\t<redacted:token>, x",
                "{\"h\":\"BEARER secretsecret\"}|{\"h\":\"BEARER <redacted:token>\"}",
                "Basic dXNlcjpwYXNz and Basic authentication|Basic <redacted:token> and Basic authentication",
                "Bearer authentication required. Bearer authorization|Bearer authentication required. Bearer authorization",
                "forbearer abcdefgh.123 Bearer short|forbearer abcdefgh.123 Bearer short",
                "t=eyJhbGciOiJI.eyJzdWIiOiIx.SflKxwRJSM end|t=<redacted:token> end",
                "eyJhbGci.short.x and eyJ and e|eyJhbGci.short.x and eyJ and e",
                "key AKIAIOSFODNN7EXAMPLE ASIAIOSFODNN7EXAMPLE.|key <redacted:token> <redacted:token>.",
                "XAKIAIOSFODNN7EXAMPLE AKIAIOSFODNN7EXAMPLEX AKIA|XAKIAIOSFODNN7EXAMPLE AKIAIOSFODNN7EXAMPLEX AKIA",
                "to bob.smith+x@mail.example.co.uk, now|to <redacted:email>, now",
                "<a@b.de> ä@b.de @b.de a@b a@b.c a@.de a@b..de x@host|<<redacted:email>> ä@b.de @b.de a@b a@b.c a@.de a@b..de x@host",
                "a@b.de.. a@b.de/c a@b.com9|<redacted:email>.. <redacted:email>/c <redacted:email>9",
            })
    void tokensAndAddresses(String line, String expected) throws ConfigException {
        assertThat(one("- redact: {}", line)).isEqualTo(expected);
    }

    @Test
    void rulesCanBeTurnedOff() throws ConfigException {
        String line = "4111111111111111 Bearer abcdefgh.123 a@b.de";
        assertThat(one("- redact: {cards: false}", line))
                .isEqualTo("4111111111111111 Bearer <redacted:token> <redacted:email>");
        assertThat(one("- redact: {tokens: false}", line))
                .isEqualTo("<redacted:card> Bearer abcdefgh.123 <redacted:email>");
        assertThat(one("- redact: {emails: false}", line)).isEqualTo("<redacted:card> Bearer <redacted:token> a@b.de");
    }

    @Test
    void customRulesAndCounts() throws ConfigException {
        StageRun r = StageRun.of("""
                - redact:
                    custom: {pin: '(?i)pin=(\\d+)', host: 'srv-[a-z]+', opt: 'x(y)?'}
                    replacement: '[$rule]'""");
        r.line("PIN=12 pin=345 srv-a srv-b x xy a@b.de");
        assertThat(r.end()).containsExactly("{a=\"b\"} PIN=[pin] pin=[pin] [host] [host] x x[opt] [email]");
        assertThat(r.metric("skald_agent_redacted_total", "rule", "pin")).isEqualTo(2.0);
        assertThat(r.metric("skald_agent_redacted_total", "rule", "host")).isEqualTo(2.0);
        assertThat(r.metric("skald_agent_redacted_total", "rule", "opt")).isEqualTo(1.0);
        assertThat(r.metric("skald_agent_redacted_total", "rule", "email")).isEqualTo(1.0);
        assertThat(r.metric("skald_agent_redacted_total", "rule", "card")).isZero();
    }

    /** Other bytes than text go through as they are. */
    @Test
    void bytesStay() throws ConfigException {
        byte[] line = {(byte) 0xff, ' ', 'a', '@', 'b', '.', 'd', 'e', ' ', (byte) 0xfe};
        LogEntry e = new LogEntry(Labels.EMPTY, Labels.EMPTY, 0, 0, line, 0, line.length);
        RedactStage stage = stage("");
        assertThat(stage.apply(e)).isTrue();
        assertThat(Arrays.copyOfRange(e.buffer(), e.offset(), e.offset() + e.length()))
                .isEqualTo(new byte[] {(byte) 0xff, ' ', '#', ' ', (byte) 0xfe});
    }

    private static RedactStage read(String yaml) throws ConfigException {
        Section s = YamlFile.section("test.yaml", "stages: [{redact: " + yaml + "}]");
        StageReader reader = new StageReader(new CollectorRegistry(), RandomGenerator.getDefault());
        return (RedactStage) reader.named(s, "stages").getFirst().stage();
    }

    private static RedactStage stage(String custom) throws ConfigException {
        return read("{replacement: '#'" + custom + "}");
    }

    @Test
    void allocatesNothingWhereNothingIsFound() throws ConfigException {
        RedactStage stage = stage(", custom: {pin: 'pin=(\\d+)'}");
        byte[] line = ("2026-01-02T03:04:05.678Z INFO user@host basic setup of 4111111111111112 took 1700000000000 ms, "
                        + "bearer x, see e-mail @ example 0.4111111111111111")
                .getBytes(StandardCharsets.UTF_8);
        LogEntry e = new LogEntry(Labels.EMPTY, Labels.EMPTY, 0, 0, line, 0, line.length);
        for (int i = 0; i < 5000; i++) {
            stage.apply(e);
        }
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long best = Long.MAX_VALUE;
        for (int round = 0; round < 5; round++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < 1000; i++) {
                stage.apply(e);
            }
            best = Math.min(best, threads.getCurrentThreadAllocatedBytes() - before);
        }
        assertThat(best).as("bytes for 1000 lines").isLessThan(1000);
    }
}
