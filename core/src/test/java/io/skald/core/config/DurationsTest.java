/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DurationsTest {
    @ParameterizedTest
    @CsvSource({
        "0,PT0S",
        "15m,PT15M",
        "7d,P7D",
        "1h30m,PT1H30M",
        "500ms,PT0.5S",
        "1w,P7D",
        "1y,P365D",
        "3us,PT0.000003S",
        "10ns,PT0.00000001S"
    })
    void reads(String text, String iso) {
        assertThat(Durations.parse(text)).isEqualTo(Duration.parse(iso));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "5", "m", "-5m", "5 m", "1.5h", "5x", "300y"})
    void refuses(String text) {
        assertThatThrownBy(() -> Durations.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("'" + text + "' is not a duration (write it as 15m, 7d or 1h30m)");
    }

    @ParameterizedTest
    @CsvSource({"PT0S,0s", "PT15M,15m", "P7D,7d", "P30DT1H,30d1h", "PT0.25S,250ms"})
    void writesWhatItReads(String iso, String text) {
        assertThat(Durations.format(Duration.parse(iso))).isEqualTo(text);
        assertThat(Durations.parse(text)).isEqualTo(Duration.parse(iso));
    }
}
