/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.receive;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Where messages begin and end, in whatever pieces they come; at most 20 bytes of each. */
class SyslogFramesTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '#',
            value = {
                "<1>a~<2>b~                     # <1>a | <2>b",
                "4 <1>a4 <2>b                   # <1>a | <2>b",
                "4 <1>a~4 <2>b~                 # <1>a | '' | <2>b | ''",
                "6 <1>a~b4 <2>c                 # <1>a~b | <2>c",
                // what is not whole when the connection ends
                "<1>a~<2>b                      # <1>a | <2>b",
                "9 <1>a                         # <1>a",
                "12 # 12",
                // numbers that are no lengths
                "12 apples~                     # 12 apples",
                "0 apples~                      # 0 apples",
                "0 <1>a~                        # '' | <1>a",
                "123456789012 <1>a~             # 123456789012 <1>a",
                // too long
                "<1>abcdefghijklmnopqrstuvwxyz~<2>b~ # <1>abcdefghijklmnopq! | <2>b",
                "29 <1>abcdefghijklmnopqrstuvwxyz4 <2>b # <1>abcdefghijklmnopq! | <2>b",
            })
    void messages(String stream, String expected) throws InterruptedException {
        byte[] bytes = stream.strip().replace('~', '\n').getBytes(StandardCharsets.UTF_8);
        for (int piece = 1; piece <= bytes.length; piece++) {
            List<String> out = new ArrayList<>();
            SyslogFrames f = new SyslogFrames(
                    20,
                    (b, offset, length, cut) ->
                            out.add(new String(b, offset, length, StandardCharsets.UTF_8) + (cut ? "!" : "")));
            for (int at = 0; at < bytes.length; at += piece) {
                int n = Math.min(piece, bytes.length - at);
                f.room(n);
                System.arraycopy(bytes, at, f.buffer(), f.size(), n);
                f.added(n);
            }
            f.end();
            String wanted = expected.strip().replace("''", "");
            assertThat(String.join(" | ", out).replace('\n', '~').strip())
                    .as("pieces of " + piece)
                    .isEqualTo(wanted.strip());
        }
    }
}
