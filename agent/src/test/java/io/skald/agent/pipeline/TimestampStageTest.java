/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.skald.core.config.ConfigException;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TimestampStageTest {
    private static final String REGEX = "- regex: {expression: '^(?P<t>.*)$'}\n";

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "ANSIC|Fri Jan  2 15:04:05 2026|2026-01-02T15:04:05Z",
                "UnixDate|Fri Jan  2 15:04:05 UTC 2026|2026-01-02T15:04:05Z",
                "RubyDate|Fri Jan 02 15:04:05 -0700 2026|2026-01-02T22:04:05Z",
                "RFC822|02 Jan 26 15:04 UTC|2026-01-02T15:04:00Z",
                "RFC822Z|02 Jan 26 15:04 -0700|2026-01-02T22:04:00Z",
                "RFC850|Friday, 02-Jan-26 15:04:05 UTC|2026-01-02T15:04:05Z",
                "RFC1123|Fri, 02 Jan 2026 15:04:05 UTC|2026-01-02T15:04:05Z",
                "RFC1123Z|Fri, 02 Jan 2026 15:04:05 -0700|2026-01-02T22:04:05Z",
                "RFC3339|2026-01-02T15:04:05-07:00|2026-01-02T22:04:05Z",
                "RFC3339|2026-01-02T15:04:05Z|2026-01-02T15:04:05Z",
                "RFC3339Nano|2026-01-02T15:04:05.123456789-07:00|2026-01-02T22:04:05.123456789Z",
                "Unix|1562708916|2019-07-09T21:48:36Z",
                "Unix|1562708916.000000123|2019-07-09T21:48:36.000000123Z",
                "UnixMs|1562708916414|2019-07-09T21:48:36.414Z",
                "UnixUs|1562708916414123|2019-07-09T21:48:36.414123Z",
                "UnixNs|1562708916000000123|2019-07-09T21:48:36.000000123Z",
                "2006-01-02 15:04:05.000|2026-05-06 07:08:09.123|2026-05-06T07:08:09.123Z",
                "2006-01-02 15:04:05|2026-05-06 07:08:09.123456|2026-05-06T07:08:09.123456Z",
                "2006/01/02 03:04:05 PM|2026/05/06 07:08:09 PM|2026-05-06T19:08:09Z",
                "2 January 06, 3:04PM|6 May 26, 7:08AM|2026-05-06T07:08:00Z",
                "02/Jan/2006:15:04:05 -0700|06/May/2026:07:08:09 +0200|2026-05-06T05:08:09Z",
                "2006-01-02T15:04:05Z07:00|2026-05-06T07:08:09+02:00|2026-05-06T05:08:09Z",
                "2006-01-02T15:04:05-07|2026-05-06T07:08:09+02|2026-05-06T05:08:09Z",
                "20060102150405|20260506070809|2026-05-06T07:08:09Z",
            })
    void formats(String format, String text, String expected) throws ConfigException {
        String yaml = REGEX + "- timestamp: {source: t, format: '" + format + "'}";
        assertThat(StageRun.run(yaml, List.of(text))).containsExactly(expected + " {a=\"b\"} " + text);
    }

    @Test
    void takesNumbersOfJson() throws ConfigException {
        String yaml = "- json: {expressions: {ts: }}\n- timestamp: {source: ts, format: Unix}";
        assertThat(StageRun.run(yaml, List.of("{\"ts\":1562708916.5}")))
                .containsExactly("2019-07-09T21:48:36.500Z {a=\"b\"} {\"ts\":1562708916.5}");
    }

    @Test
    void location() throws ConfigException {
        String yaml = REGEX + "- timestamp: {source: t, format: '2006-01-02 15:04:05', location: America/New_York}";
        assertThat(StageRun.run(yaml, List.of("2026-07-01 12:00:00")))
                .containsExactly("2026-07-01T16:00:00Z {a=\"b\"} 2026-07-01 12:00:00");
    }

    @Test
    void fallbackFormats() throws ConfigException {
        String yaml = REGEX + "- timestamp: {source: t, format: RFC3339, fallback_formats: [UnixMs, '2006-01-02']}";
        assertThat(StageRun.run(yaml, List.of("1562708916414", "2026-05-06", "2026-05-06T00:00:01Z")))
                .containsExactly(
                        "2019-07-09T21:48:36.414Z {a=\"b\"} 1562708916414",
                        "2026-05-06T00:00:00Z {a=\"b\"} 2026-05-06",
                        "2026-05-06T00:00:01Z {a=\"b\"} 2026-05-06T00:00:01Z");
    }

    @Test
    void withoutAYearItIsThisYear() throws ConfigException {
        int year = LocalDate.now(ZoneOffset.UTC).getYear();
        String yaml = REGEX + "- timestamp: {source: t, format: 'Jan _2 15:04:05'}";
        assertThat(StageRun.run(yaml, List.of("Jan  3 01:02:03")))
                .containsExactly(year + "-01-03T01:02:03Z {a=\"b\"} Jan  3 01:02:03");
    }

    @ParameterizedTest
    @ValueSource(strings = {"no time", "", "1e30", "99999-01-01", "1e999999999"})
    void failures(String text) throws ConfigException {
        String good = "1562708916";
        List<String> lines = List.of(text, good, text, text);
        String stage = REGEX + "- timestamp: {source: t, format: Unix, fallback_formats: [RFC3339]";
        String time = "2019-07-09T21:48:36";
        // the first one has no time before it, and keeps that of reading
        assertThat(StageRun.run(stage + "}", lines))
                .containsExactly(
                        "{a=\"b\"} " + text,
                        time + "Z {a=\"b\"} " + good,
                        time + ".000000001Z {a=\"b\"} " + text,
                        time + ".000000002Z {a=\"b\"} " + text);
        assertThat(StageRun.run(stage + ", action_on_failure: skip}", lines))
                .isEqualTo(Stream.of(text, good, text, text)
                        .map(l -> (l.equals(good) ? time + "Z " : "") + "{a=\"b\"} " + l)
                        .toList());
    }

    @Test
    void withoutSourceItIsAFailure() throws ConfigException {
        String yaml = "- json: {expressions: {t: }}\n- timestamp: {source: t, format: Unix}";
        assertThat(StageRun.run(yaml, List.of("{\"t\":1562708916}", "{}")))
                .containsExactly(
                        "2019-07-09T21:48:36Z {a=\"b\"} {\"t\":1562708916}",
                        "2019-07-09T21:48:36.000000001Z {a=\"b\"} {}");
    }

    /** Each stream has a last time of its own. */
    @Test
    void fudgesByStream() throws ConfigException {
        String yaml = "- json: {expressions: {t: , s: }}\n- labels: {s: }\n- timestamp: {source: t, format: Unix}";
        assertThat(StageRun.run(yaml, List.of("{\"t\":10,\"s\":\"x\"}", "{\"t\":20,\"s\":\"y\"}", "{\"s\":\"x\"}")))
                .last()
                .isEqualTo("1970-01-01T00:00:10.000000001Z {a=\"b\", s=\"x\"} {\"s\":\"x\"}");
    }
}
