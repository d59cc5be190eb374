/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.push;

import java.time.Duration;

/**
 * How long to wait between tries.
 *
 * @param min before the second try
 * @param max at most; pauses double up to it
 */
public record Backoff(Duration min, Duration max) {
    /** What suits an ingester nearby. */
    public static final Backoff DEFAULT = new Backoff(Duration.ofMillis(250), Duration.ofSeconds(30));

    public Backoff {
        if (min.isNegative() || min.isZero() || max.compareTo(min) < 0) {
            throw new IllegalArgumentException("pauses from " + min + " to " + max + " are impossible");
        }
    }
}
