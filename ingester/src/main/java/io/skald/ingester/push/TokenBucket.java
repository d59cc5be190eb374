/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.push;

/** A rate with bursts. Not thread-safe: guarded by its owner. */
final class TokenBucket {
    private double tokens;
    private long lastNanos;
    private boolean used;

    /**
     * Takes tokens if they are there. A rate or burst that changed is in force at once.
     *
     * @param perSecond how many come each second
     * @param burst most there can be; more than that at once are had only by a bucket that is full, which is then in debt
     * @param nowNanos the time; a clock that goes back stops the flow until it is where it was
     */
    boolean take(long wanted, double perSecond, double burst, long nowNanos) {
        tokens = used ? Math.min(burst, tokens + perSecond * (Math.max(0, nowNanos - lastNanos) / 1e9)) : burst;
        used = true;
        lastNanos = nowNanos;
        if (wanted > tokens && tokens < burst) {
            return false;
        }
        tokens -= wanted;
        return true;
    }
}
