/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.flush;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class AckPaceTest {
    private long now = -5;
    private final AckPace pace = new AckPace(() -> now);

    private void acks(int n, long millis) {
        for (int i = 0; i < n; i++) {
            pace.acked(Duration.ofMillis(millis).toNanos());
        }
    }

    @Test
    void oneInAHundredMayBeLate() {
        acks(99, 10);
        assertThat(pace.late()).isFalse();
        acks(1, 500);
        assertThat(pace.late()).isFalse();
        acks(1, 500);
        assertThat(pace.late()).isTrue();
    }

    @Test
    void remembersForASecondOrTwo() {
        acks(5, 200);
        now += Duration.ofMillis(1200).toNanos();
        acks(1, 10);
        assertThat(pace.late()).as("the second before").isTrue();
        now += Duration.ofMillis(1100).toNanos();
        assertThat(pace.late()).isFalse();
    }

    @Test
    void nobodyWaitsWhenNobodyPushes() {
        acks(5, 200);
        now += Duration.ofSeconds(10).toNanos();
        assertThat(pace.late()).isFalse();
    }
}
