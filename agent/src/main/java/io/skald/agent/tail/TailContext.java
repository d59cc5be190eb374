/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.tail;

import io.skald.agent.collect.ChunkPool;
import io.skald.agent.collect.Collector;
import java.util.random.RandomGenerator;

/**
 * What all tails of an agent share.
 *
 * @param random numbers generations of files
 */
public record TailContext(Collector collector, ChunkPool chunks, TailMetrics metrics, RandomGenerator random) {
    /** Tells a generation of a file from all others of this agent. */
    long newGeneration() {
        return random.nextLong() >>> 1;
    }
}
