/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.push;

import java.net.http.HttpRequest;
import java.nio.ByteBuffer;
import java.util.concurrent.Flow;

/**
 * A body that is an array, handed over in slices of it. The JDK's own copies all of the array first. The array must not change while it is sent.
 * May be sent any number of times.
 */
final class ArrayPublisher implements HttpRequest.BodyPublisher {
    /** What a socket takes at once comes from memory outside of the heap, which each thread keeps. */
    private static final int SLICE_BYTES = 16 << 10;

    private final byte[] body;

    ArrayPublisher(byte[] body) {
        this.body = body;
    }

    @Override
    public long contentLength() {
        return body.length;
    }

    @Override
    public void subscribe(Flow.Subscriber<? super ByteBuffer> subscriber) {
        subscriber.onSubscribe(new Slices(subscriber));
    }

    /** One time that the body is sent. Whoever asks for more while slices are handed over only adds to the demand. */
    private final class Slices implements Flow.Subscription {
        private final Flow.Subscriber<? super ByteBuffer> subscriber;
        private long demand;
        private int at;
        private boolean running;
        private boolean done;

        Slices(Flow.Subscriber<? super ByteBuffer> subscriber) {
            this.subscriber = subscriber;
        }

        @Override
        public void request(long n) {
            synchronized (this) {
                if (done) {
                    return;
                }
                if (n > 0) {
                    demand = demand + n < 0 ? Long.MAX_VALUE : demand + n;
                } else {
                    done = true;
                }
                if (running) {
                    return;
                }
                running = true;
            }
            if (n <= 0) {
                subscriber.onError(new IllegalArgumentException("request of " + n + " slices"));
                return;
            }
            hand();
        }

        private void hand() {
            while (true) {
                ByteBuffer slice = null;
                synchronized (this) {
                    if (done || at < body.length && demand == 0) {
                        running = false;
                        return;
                    }
                    if (at < body.length) {
                        int length = Math.min(SLICE_BYTES, body.length - at);
                        slice = ByteBuffer.wrap(body, at, length).slice();
                        at += length;
                        demand--;
                    } else {
                        done = true;
                    }
                }
                if (slice == null) {
                    subscriber.onComplete();
                    return;
                }
                subscriber.onNext(slice);
            }
        }

        @Override
        public synchronized void cancel() {
            done = true;
        }
    }
}
