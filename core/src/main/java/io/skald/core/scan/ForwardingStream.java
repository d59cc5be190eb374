/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.scan;

import io.skald.core.model.Labels;

/** A stream with the labels and times of another, whose entries a subclass gives. */
public abstract class ForwardingStream implements StreamScan {
    protected final StreamScan stream;

    /** @param stream whose labels and times these are */
    protected ForwardingStream(StreamScan stream) {
        this.stream = stream;
    }

    @Override
    public final Labels labels() {
        return stream.labels();
    }

    @Override
    public final long minNanos() {
        return stream.minNanos();
    }

    @Override
    public final long maxNanos() {
        return stream.maxNanos();
    }
}
