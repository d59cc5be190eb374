/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ByteSizeTest {
    @ParameterizedTest
    @CsvSource({
        "0,0",
        "1,1",
        "10B,10",
        "256KB,262144",
        "256KiB,262144",
        "64MiB,67108864",
        "1.5MB,1572864",
        "1gb,1073741824",
        "2T,2199023255552"
    })
    void reads(String text, long bytes) {
        assertThat(ByteSize.parse(text)).isEqualTo(bytes);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "MB", "-1MB", "1XB", "1.2.3MB", "0.3B", "99999999999T", "1 M B"})
    void refuses(String text) {
        assertThatThrownBy(() -> ByteSize.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'" + text + "'");
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 1023, 1024, 1025, 262144, 67108864, Long.MAX_VALUE})
    void writesWhatItReads(long bytes) {
        assertThat(ByteSize.parse(ByteSize.format(bytes))).isEqualTo(bytes);
    }

    @ParameterizedTest
    @CsvSource({"0,0B", "1023,1023B", "1024,1.0KB", "1048575,1.0MB", "12897485,12.3MB", "5497558138880,5.0TB"})
    void writesApproximateSizes(long bytes, String text) {
        assertThat(ByteSize.approximate(bytes)).isEqualTo(text);
    }
}
