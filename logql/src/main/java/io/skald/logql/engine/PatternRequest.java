/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.engine;

import io.skald.core.model.Matcher;
import java.util.List;

/**
 * Which patterns are wanted.
 *
 * @param matchers of the streams
 * @param startNanos the first time (inclusive)
 * @param endNanos the end (exclusive)
 * @param stepNanos lines are counted by steps of this length, which begin at its multiples; > 0
 */
public record PatternRequest(List<Matcher> matchers, long startNanos, long endNanos, long stepNanos) {
    public PatternRequest {
        matchers = List.copyOf(matchers);
        if (stepNanos <= 0) {
            throw new IllegalArgumentException("stepNanos: " + stepNanos);
        }
    }
}
