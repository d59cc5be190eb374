/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.skald.core.http.HttpRequest;
import io.skald.core.model.RequestException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TimeParamsTest {
    private static final long NOW = 1_772_330_000_000_000_000L;

    static HttpRequest request(String... namesAndValues) {
        Map<String, List<String>> params = new LinkedHashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            params.put(namesAndValues[i], List.of(namesAndValues[i + 1]));
        }
        return new HttpRequest("GET", "/", Map.of(), params, Map.of(), new byte[0], () -> false);
    }

    @ParameterizedTest
    @CsvSource({
        "1772326800, 1772326800000000000",
        "1772326800000000000, 1772326800000000000",
        "17723268000, 17723268000",
        "1772326800.5, 1772326800500000000",
        "1772327100.000000001, 1772327100000000000",
        "-1, -1000000000",
        "2026-03-01T01:00:00Z, 1772326800000000000",
        "2026-03-01T02:00:00+01:00, 1772326800000000000",
        "2026-03-01T01:00:00.000000001Z, 1772326800000000001",
    })
    void times(String text, long nanos) {
        assertThat(TimeParams.parse(text)).isEqualTo(nanos);
    }

    @ParameterizedTest
    @CsvSource({
        "60, 60000000000",
        "0.5, 500000000",
        "60.0, 60000000000",
        "1m30s, 90000000000",
        "2000ms, 2000000000",
        "1d, 86400000000000"
    })
    void durations(String text, long nanos) {
        assertThat(TimeParams.duration(text)).isEqualTo(nanos);
    }

    @ParameterizedTest
    @CsvSource({"1x", "5minutes", "1h1h", "1.5s", "1h30", "-1m", "abc", "NaN", "1d1"})
    void badDurations(String text) {
        assertThatThrownBy(() -> TimeParams.duration(text))
                .isInstanceOf(RequestException.class)
                .hasMessage("cannot parse \"" + text + "\" to a valid duration");
    }

    @Test
    void ranges() {
        long hour = 3600 * TimeParams.SECOND;
        assertThat(TimeParams.range(request(), NOW)).isEqualTo(new TimeParams.Range(NOW - hour, NOW));
        assertThat(TimeParams.range(request("end", "1772327100", "since", "5m"), NOW))
                .isEqualTo(new TimeParams.Range(1_772_326_800_000_000_000L, 1_772_327_100_000_000_000L));
        assertThat(TimeParams.range(request("end", "2000000000"), NOW).startNanos())
                .isEqualTo(NOW - hour);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "start;abc;could not parse 'start' parameter: strconv.ParseInt: parsing \"abc\": invalid syntax",
                "end;2026-03-02;could not parse 'end' parameter: strconv.ParseInt: parsing \"2026-03-02\": invalid syntax",
                "since;300;could not parse 'since' parameter: not a valid duration string: \"300\"",
                "since;-5m;could not parse 'since' parameter: not a valid duration string: \"-5m\"",
            })
    void badRanges(String name, String value, String message) {
        assertThatThrownBy(() -> TimeParams.range(request(name, value), NOW))
                .isInstanceOf(RequestException.class)
                .hasMessage(message);
    }

    @Test
    void theDefaultStepIsA250thOfTheRange() {
        long s = TimeParams.SECOND;
        assertThat(TimeParams.step(request(), new TimeParams.Range(0, 7200 * s)))
                .isEqualTo(28 * s);
        assertThat(TimeParams.step(request("step", ""), new TimeParams.Range(0, 60 * s)))
                .isEqualTo(s);
        assertThatThrownBy(() -> TimeParams.step(request("step", "-1"), new TimeParams.Range(0, s)))
                .hasMessage("zero or negative query resolution step widths are not accepted. Try a positive integer");
    }

    @Test
    void cursorsComeBack() {
        Map<String, Long> positions = Map.of("ingester-0", 42L, "a b", Long.MAX_VALUE);
        assertThat(TailCursor.decode(TailCursor.encode(positions))).isEqualTo(positions);
        assertThat(TailCursor.decode(TailCursor.encode(Map.of()))).isEmpty();
        for (String bad : List.of("", "xx", "MQox", "Mg", "***")) {
            assertThatThrownBy(() -> TailCursor.decode(bad))
                    .isInstanceOf(RequestException.class)
                    .hasMessageStartingWith("invalid cursor");
        }
    }
}
