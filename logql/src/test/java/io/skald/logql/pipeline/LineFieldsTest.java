/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.skald.core.model.Labels;
import io.skald.logql.parser.Parser;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LineFieldsTest {
    private static LineFields.Parsed parse(String line) {
        return new LineFields(Labels.of("app", "web")).parse(line.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void jsonHasPaths() {
        LineFields.Parsed p =
                parse("{\"app\":1,\"a\":{\"b-c\":true,\"9\":[1],\"n\":null,\"x\\ty\":\"z\"},\"a_b_c\":2}");
        assertThat(p.form()).isEqualTo(LineFields.Form.JSON);
        assertThat(p.fields().toMap())
                .containsOnly(
                        java.util.Map.entry("app_extracted", "1"),
                        java.util.Map.entry("a_b_c", "true"),
                        java.util.Map.entry("a_x_y", "z"));
        assertThat(p.paths())
                .containsEntry("app_extracted", List.of("app"))
                .containsEntry("a_b_c", List.of("a", "b-c"))
                .containsEntry("a_x_y", List.of("a", "x\ty"))
                .hasSize(3);
    }

    @Test
    void whatIsNotJsonIsReadAsLogfmt() {
        LineFields.Parsed p = parse("{\"a\":1 level=warn app=x");
        assertThat(p.form()).isEqualTo(LineFields.Form.LOGFMT);
        assertThat(p.fields().toMap()).containsEntry("level", "warn").containsEntry("app_extracted", "x");
        assertThat(p.paths()).isEmpty();
        assertThat(parse("nothing here").fields()).isEqualTo(Labels.EMPTY);
    }

    @ParameterizedTest
    @CsvSource({
        "0, INT", "-7, INT", "+5, INT", "9223372036854775808, FLOAT", "1.5, FLOAT", "1e3, FLOAT", "NaN, FLOAT",
        "true, BOOLEAN", "F, BOOLEAN", "yes, STRING", "1h30m, DURATION", "-3s, DURATION", "µs, STRING", "3w, STRING",
        "10B, BYTES", "1.5KiB, BYTES", "5 MB, BYTES", "-1KB, STRING", "abc, STRING", "'', STRING", "-, STRING"
    })
    void textLooksLikeAType(String text, ValueType type) {
        assertThat(ValueType.of(text)).isEqualTo(type);
    }

    /** A condition behind a parser sees what was parsed, whatever is written in between; one of several labels does not. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '!',
            value = {
                "| logfmt | status=\"500\" ! true",
                "| logfmt | label_format status=\"{{.status}}x\" | status=\"500x\" ! false",
                "| logfmt | label_format status=\"{{.status}}x\" | status=\"500x\" or status=\"7\" ! true",
                "| logfmt | label_format code=\"{{.status}}x\" | code=\"500x\" ! true",
                "| label_format status=\"x\" | logfmt | status=\"x\" ! false",
                "| pattern \"status=<status> <_>\" | label_format status=\"1\" | status=1 ! false",
                "| regexp \"status=(?P<status>[0-9]+)\" | label_format status=\"1\" | status=1 ! false",
                "| regexp \"status=(?P<status>[0-9]+)\" | status>=500 ! true",
                "| logfmt | took > 1s ! true",
                "| logfmt | took > 1m | label_format took=\"2m\" ! false",
            })
    void conditionsAreTestedWhereLabelsAreFound(String stages, boolean survives) {
        LinePipeline p = Pipelines.compile(
                        Parser.parseLog("{app=\"web\"} " + stages).stages())
                .forStream(Labels.of("app", "web"));
        byte[] line = "status=500 took=2s".getBytes(StandardCharsets.UTF_8);
        assertThat(p.process(1, line, 0, line.length, Labels.EMPTY)).isEqualTo(survives);
    }
}
