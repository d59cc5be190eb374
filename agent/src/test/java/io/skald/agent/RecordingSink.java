/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent;

import io.skald.core.model.EntryBatch;
import io.skald.core.model.ErrorCode;
import io.skald.core.model.Labels;
import io.skald.core.model.RequestException;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.core.wire.PushSink;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

/** An ingester in memory: equal entries collapse, and it fails as often as it is told, before or after it has stored. */
public final class RecordingSink implements PushSink {
    /** An entry as an ingester sees it; what is equal is the same entry. */
    public record Stored(Labels stream, long timestampNanos, String line, Labels metadata) {}

    private final Set<Stored> stored = new LinkedHashSet<>();
    private final Random random;
    private int failuresIn100;
    private boolean down;
    private String refusedFilename = "";

    public RecordingSink(Random random) {
        this.random = random;
    }

    public synchronized RecordingSink failing(int in100) {
        failuresIn100 = in100;
        return this;
    }

    public synchronized void down(boolean isDown) {
        down = isDown;
    }

    public synchronized RecordingSink refusing(String filename) {
        refusedFilename = filename;
        return this;
    }

    @Override
    public synchronized PushResult push(TenantId tenant, List<EntryBatch> batches) throws StoreException {
        boolean fails = random.nextInt(100) < failuresIn100;
        boolean ackLost = fails && random.nextBoolean();
        if (down || fails && !ackLost) {
            throw new StoreException.Unavailable("down");
        }
        for (EntryBatch b : batches) {
            if (b.labels().getOrEmpty("filename").equals(refusedFilename)) {
                throw new RequestException(ErrorCode.BAD_REQUEST, "no such thing here");
            }
        }
        long n = 0;
        for (EntryBatch b : batches) {
            for (int i = 0; i < b.size(); i++, n++) {
                String line = new String(b.buffer(i), b.offset(i), b.length(i), StandardCharsets.ISO_8859_1);
                stored.add(new Stored(b.labels(), b.timestampNanos(i), line, b.metadata(i)));
            }
        }
        if (ackLost) {
            throw new StoreException.Unavailable("stored, but the answer was lost");
        }
        return PushResult.stored(n);
    }

    public synchronized List<Stored> stored() {
        return new ArrayList<>(stored);
    }

    /** All lines, in the order of arrival. */
    public List<String> lines() {
        return stored().stream().map(Stored::line).toList();
    }
}
