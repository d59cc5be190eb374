/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.config;

import java.time.Duration;

/**
 * Another retention period for some entries.
 *
 * @param selector which, as a selector of LogQL over stream labels and structured metadata
 * @param priority of several rules that match the one with the greatest counts, then the first
 * @param period how long they are kept; zero is for ever
 */
public record RetentionStream(
        @Setting("Which entries: a selector over labels and structured metadata, such as `{detected_level=\"debug\"}`.")
        String selector,

        @Setting("Of several rules that match, the one with the greatest priority counts, then the first.")
        int priority,

        @Setting("How long they are kept; 0s is for ever.") Duration period) {
    static final RetentionStream DEFAULTS = new RetentionStream("", 0, Duration.ZERO);

    public RetentionStream {
        if (selector.length() > 2048) {
            throw new IllegalArgumentException("selector of " + selector.length() + " characters, the most is 2048");
        }
    }
}
