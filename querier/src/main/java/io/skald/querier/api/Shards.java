/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.api;

import io.skald.core.scan.LogSource.StreamStats;
import java.util.ArrayList;
import java.util.List;

/** Cuts streams into equal ranges of fingerprints. */
final class Shards {
    /** As many shards at most, as a power of two. */
    private static final int MAX_BITS = 9;

    private Shards() {}

    /**
     * Streams with fingerprints in [min, max], both unsigned.
     *
     * @param streams with what they hold
     */
    record Shard(long min, long max, List<StreamStats> streams) {}

    /** So many shards, a power of two, that each holds about {@code targetBytes}; one if that is not positive. */
    static List<Shard> of(List<StreamStats> streams, long targetBytes) {
        long bytes = 0;
        for (StreamStats s : streams) {
            bytes += s.bytes();
        }
        int bits = 0;
        while (bits < MAX_BITS && targetBytes > 0 && bytes >> bits > targetBytes) {
            bits++;
        }
        List<Shard> shards = new ArrayList<>();
        long width = bits == 0 ? 0 : 1L << Long.SIZE - bits;
        for (int i = 0; i < 1 << bits; i++) {
            shards.add(new Shard(i * width, (i + 1) * width - 1, new ArrayList<>()));
        }
        for (StreamStats s : streams) {
            int shard = bits == 0 ? 0 : (int) (s.labels().fingerprint() >>> Long.SIZE - bits);
            shards.get(shard).streams().add(s);
        }
        return shards;
    }
}
