/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.push;

import static org.assertj.core.api.Assertions.assertThat;

import io.skald.core.model.Labels;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class LabelCacheTest {
    private final LabelCache cache = new LabelCache();

    private Labels parse(String text) {
        byte[] b = ("x" + text + "y").getBytes(StandardCharsets.UTF_8);
        return cache.parse(b, 1, b.length - 2);
    }

    @Test
    void remembersNearlyAllOfManyStreamsThatComeInTurn() {
        int n = 60_000;
        Labels[] first = new Labels[n];
        for (int i = 0; i < n; i++) {
            first[i] = parse("{app=\"web\", pod=\"pod-" + i + "\"}");
        }
        int same = 0;
        for (int i = 0; i < n; i++) {
            Labels again = parse("{app=\"web\", pod=\"pod-" + i + "\"}");
            assertThat(again.get("pod")).isEqualTo("pod-" + i);
            same += System.identityHashCode(again) == System.identityHashCode(first[i]) ? 1 : 0;
        }
        assertThat(same).isGreaterThan(n * 95 / 100);
    }

    @Test
    void parsesWhatThereIsNoRoomFor() {
        String value = "v".repeat(900);
        for (int round = 0; round < 2; round++) {
            for (int i = 0; i < 20_000; i++) {
                assertThat(parse("{a=\"" + value + i + "\"}").get("a"))
                        .hasSize(900 + Integer.toString(i).length());
            }
        }
    }
}
