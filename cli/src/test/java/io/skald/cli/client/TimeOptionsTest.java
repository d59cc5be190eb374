/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.time.ZoneId;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TimeOptionsTest {
    private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");
    private static final ZoneId ZONE = ZoneId.of("Europe/Berlin");

    @ParameterizedTest
    @CsvSource({
        "now, 2026-03-01T12:00:00Z",
        "1h30m, 2026-03-01T10:30:00Z",
        "2026-03-01T10:00:00Z, 2026-03-01T10:00:00Z",
        "2026-03-01T10:00:00.123456789+02:00, 2026-03-01T08:00:00.123456789Z",
        "2026-03-01T10:00, 2026-03-01T09:00:00Z",
        "2026-03-01 10:00:05, 2026-03-01T09:00:05Z",
        "2026-03-01, 2026-02-28T23:00:00Z",
        "1772323200, 2026-03-01T00:00:00Z",
        "1772323200000, 2026-03-01T00:00:00Z",
        "1772323200000000, 2026-03-01T00:00:00Z",
        "1772323200000000001, 2026-03-01T00:00:00.000000001Z"
    })
    void readsTimes(String text, Instant expected) {
        assertThat(TimeOptions.parse(text, NOW, ZONE)).isEqualTo(TimeOptions.nanos(expected));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "yesterday", "2026-13-01", "2026-03-01T25:00", "12:00", "5"})
    void refusesOthers(String text) {
        assertThatThrownBy(() -> TimeOptions.parse(text, NOW, ZONE)).isInstanceOf(RuntimeException.class);
    }
}
