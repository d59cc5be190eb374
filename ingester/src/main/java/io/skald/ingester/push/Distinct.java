/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.push;

/** About how many different values there are, in 256 bytes (HyperLogLog: within some 7 %). Not thread-safe: guarded by its owner. */
final class Distinct {
    private static final int BITS = 8;
    private static final int REGISTERS = 1 << BITS;

    private final byte[] registers = new byte[REGISTERS];

    void add(String value) {
        long h = 0xcbf29ce484222325L;
        for (int i = 0; i < value.length(); i++) {
            h = (h ^ value.charAt(i)) * 0x100000001b3L;
        }
        h = (h ^ h >>> 30) * 0xbf58476d1ce4e5b9L;
        h = (h ^ h >>> 27) * 0x94d049bb133111ebL;
        h ^= h >>> 31;
        int r = (int) (h >>> 64 - BITS);
        byte rank = (byte) (1 + Math.min(64 - BITS, Long.numberOfLeadingZeros(h << BITS)));
        if (rank > registers[r]) {
            registers[r] = rank;
        }
    }

    double estimate() {
        double sum = 0;
        int empty = 0;
        for (byte r : registers) {
            sum += 1.0 / (1L << r);
            empty += r == 0 ? 1 : 0;
        }
        double e = 0.7213 / (1 + 1.079 / REGISTERS) * REGISTERS * REGISTERS / sum;
        return e <= 2.5 * REGISTERS && empty > 0 ? REGISTERS * Math.log((double) REGISTERS / empty) : e;
    }
}
