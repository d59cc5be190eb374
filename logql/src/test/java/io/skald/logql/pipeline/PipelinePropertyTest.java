/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.skald.core.model.Labels;
import io.skald.core.scan.Requirement;
import io.skald.logql.parser.Parser;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What must hold for any line. */
class PipelinePropertyTest {
    private static final String[] STAGES = {
        "|= `ab`",
        "|~ `a+b|c`",
        "|~ `ab.*c`",
        "|~ `(a|b)c?aa`",
        "|~ `(?i)AB`",
        "|> `<_>ab<_>`",
        "!= `c`",
        "| json",
        "| logfmt --strict",
        "| unpack",
        "| line_format `{{ __line__ | replace \"a\" \"b\" }}`",
        "| decolorize",
        "| pattern `<x>a<y>`",
        "| regexp `(?P<x>a+)`",
        "| x != `b`",
        "| label_format y=x",
        "|= ip(`1.0.0.0/8`)",
    };

    @Test
    void substringSearchAgreesWithTheNaiveOne() {
        long seed = System.nanoTime();
        Random r = new Random(seed);
        for (int i = 0; i < 20_000; i++) {
            String line = text(r, 40);
            String needle = text(r, 6);
            byte[] b = ("ab" + line + "ab").getBytes(StandardCharsets.UTF_8);
            int found = new Needle(needle).indexIn(b, 2, b.length - 2);
            int expected = line.indexOf(needle);
            assertThat(found).as("seed %d, %s in %s", seed, needle, line).isEqualTo(expected < 0 ? -1 : expected + 2);
        }
    }

    @Test
    void noLineWithoutTheRequiredLiteralsSurvives() {
        long seed = System.nanoTime();
        Random r = new Random(seed);
        for (int i = 0; i < 3_000; i++) {
            StringBuilder query = new StringBuilder("{app=\"web\"}");
            for (int k = r.nextInt(1, 4); k > 0; k--) {
                query.append(' ').append(STAGES[r.nextInt(STAGES.length)]);
            }
            CompiledPipeline compiled =
                    Pipelines.compile(Parser.parseLog(query.toString()).stages());
            LinePipeline p = compiled.forStream(Labels.EMPTY);
            for (int k = 0; k < 10; k++) {
                byte[] line = text(r, 12).getBytes(StandardCharsets.UTF_8);
                if (p.process(1, line, 0, line.length, Labels.EMPTY)) {
                    for (Requirement required : compiled.requirements()) {
                        assertThat(required.anyOf().stream().anyMatch(t -> holds(t, line)))
                                .as("seed %d, %s, line %s", seed, query, new String(line, StandardCharsets.UTF_8))
                                .isTrue();
                    }
                }
            }
        }
    }

    private static boolean holds(Requirement.Term term, byte[] line) {
        return switch (term) {
            case Requirement.Text t -> new Needle(t.bytes(), t.ignoreCase()).indexIn(line, 0, line.length) >= 0;
            case Requirement.Metadata m -> false;
        };
    }

    @Test
    void bytesThatAreNotUtf8NeverThrow() {
        long seed = System.nanoTime();
        Random r = new Random(seed);
        byte[] alphabet = {'{', '"', ':', '}', '[', ',', '\\', 'u', 'a', '=', ' ', (byte) 0xc3, (byte) 0xff, 0x1b, '['};
        LinePipeline p = Pipelines.compile(Parser.parseLog("{app=\"web\"} |~ `.` | json | logfmt --strict"
                                + " | regexp `(?P<q>a+)` | pattern `<x>=<y>` | unpack | json z=`a[0].b` | logfmt v=`a`"
                                + " | decolorize | line_format `{{ __line__ | upper }}{{ .q }}` |~ `.`")
                        .stages())
                .forStream(Labels.EMPTY);
        for (int i = 0; i < 20_000; i++) {
            byte[] line = new byte[r.nextInt(40)];
            for (int k = 0; k < line.length; k++) {
                line[k] = alphabet[r.nextInt(alphabet.length)];
            }
            if (p.process(1, line, 0, line.length, Labels.EMPTY)) {
                assertThat(p.labels()).as("seed %d", seed).isNotNull();
                assertThat(p.line()).isNotNull();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"a\":", "[", "\\", "\"", "a=\"", "\u001b[", "1.1.1", "ab"})
    void longLinesTakeLinearTime(String part) {
        byte[] line = part.repeat(1_000_000 / part.length()).getBytes(StandardCharsets.UTF_8);
        for (String stages : List.of(
                "| json",
                "| json x=`a.a[0]`",
                "| logfmt",
                "| logfmt --strict",
                "| unpack",
                "| decolorize",
                "|= ip(`9.9.9.9`)",
                "|= `bbbbbbbbab`",
                "| pattern `<a>zz<b>`",
                "|> `<_>zz<_>`")) {
            LinePipeline p = Pipelines.compile(
                            Parser.parseLog("{app=\"web\"} " + stages).stages())
                    .forStream(Labels.EMPTY);
            Assertions.assertTimeoutPreemptively(
                    Duration.ofSeconds(10),
                    () -> {
                        p.process(1, line, 0, line.length, Labels.EMPTY);
                        return p.lineLength();
                    },
                    stages);
        }
    }

    private static String text(Random r, int max) {
        StringBuilder sb = new StringBuilder();
        for (int k = r.nextInt(max + 1); k > 0; k--) {
            sb.append("abc".charAt(r.nextInt(3)));
        }
        return sb.toString();
    }
}
