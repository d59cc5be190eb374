/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.http;

import io.netty.channel.Channel;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A client's connection as the threads of handlers see it: whether it lives, and whether it takes more bytes. Thread-safe: guarded by
 * {@code lock}.
 */
final class Connection {
    final Channel channel;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private volatile boolean gone;

    Connection(Channel channel) {
        this.channel = channel;
    }

    boolean isGone() {
        return gone || !channel.isActive();
    }

    @SuppressWarnings("FutureReturnValueIgnored") // closing cannot fail in a way that matters
    void close() {
        channel.close();
    }

    /** Called on the event loop when the channel has closed. */
    void markGone() {
        gone = true;
        signal();
    }

    /** Called on the event loop when the channel's writability has changed. */
    void signal() {
        lock.lock();
        try {
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Blocks until the channel takes more bytes.
     *
     * @param stall how long at most; zero waits for ever
     * @throws IOException when the client is gone or has not read for that long
     */
    void awaitWritable(Duration stall) throws IOException {
        if (isGone()) {
            throw new IOException("client is gone");
        }
        if (channel.isWritable()) {
            return;
        }
        long left = stall.isZero() ? Long.MAX_VALUE : stall.toNanos();
        lock.lock();
        try {
            while (!channel.isWritable()) {
                if (isGone()) {
                    throw new IOException("client is gone");
                }
                if (left <= 0) {
                    throw new IOException("client has not read for " + stall.toSeconds() + " s");
                }
                // the signal can be missed between two checks of Netty's state, so never wait for ever
                long slice = Math.min(left, TimeUnit.SECONDS.toNanos(1));
                left -= slice - changed.awaitNanos(slice);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while a client was slow", e);
        } finally {
            lock.unlock();
        }
    }
}
