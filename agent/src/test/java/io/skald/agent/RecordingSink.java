/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent;

import io.skald.agent.push.InProcess;
import io.skald.core.block.BlockMetadata;
import io.skald.core.block.BlockReader;
import io.skald.core.model.ErrorCode;
import io.skald.core.model.Labels;
import io.skald.core.model.RequestException;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.core.wire.BlockPush;
import io.skald.core.wire.LevelDetector;
import io.skald.core.wire.PushSink.PushResult;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

/** An ingester in memory: equal entries collapse, and it fails as often as it is told, before or after it has stored. */
public final class RecordingSink implements InProcess.BlockSink {
    /** An entry as an ingester sees it; what is equal is the same entry. */
    public record Stored(Labels stream, long timestampNanos, String line, Labels metadata) {}

    private final Set<Stored> stored = new LinkedHashSet<>();
    private final List<BlockPush.LineRange> ranges = new ArrayList<>();
    private final Set<List<Object>> pushes = new LinkedHashSet<>();
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
    public synchronized PushResult push(TenantId tenant, BlockPush push) throws StoreException {
        boolean fails = random.nextInt(100) < failuresIn100;
        boolean ackLost = fails && random.nextBoolean();
        if (down || fails && !ackLost) {
            throw new StoreException.Unavailable("down");
        }
        for (BlockPush.Block b : push.blocks()) {
            if (!refusedFilename.isEmpty() && b.labels().getOrEmpty("filename").equals(refusedFilename)) {
                throw new RequestException(ErrorCode.BAD_REQUEST, "no such thing here");
            }
        }
        long n = 0;
        for (BlockPush.Block b : push.blocks()) {
            n += store(b);
        }
        ranges.addAll(push.ranges());
        pushes.add(List.of(tenant, push.agent(), push.epoch(), push.sequence()));
        if (ackLost) {
            throw new StoreException.Unavailable("stored, but the answer was lost");
        }
        return PushResult.stored(n);
    }

    private long store(BlockPush.Block b) throws StoreException {
        BlockReader r = BlockReader.open("block", b.bytes(), b.offset(), b.length(), 0);
        long[] times = r.times(null);
        int[] offsets = r.lineOffsets(null);
        byte[] lines = r.lines(null);
        BlockMetadata metadata = r.metadata();
        for (int i = 0; i < r.rows(); i++) {
            String line = new String(lines, offsets[i], offsets[i + 1] - offsets[i], StandardCharsets.ISO_8859_1);
            Labels m = metadata.row(i).toBuilder().remove(LevelDetector.LABEL).build();
            stored.add(new Stored(b.labels(), times[i], line, m));
        }
        return r.rows();
    }

    /** What the pushes said about lines of files. */
    public synchronized List<BlockPush.LineRange> ranges() {
        return new ArrayList<>(ranges);
    }

    public synchronized List<Stored> stored() {
        return new ArrayList<>(stored);
    }

    /** All lines, in the order of arrival. */
    public List<String> lines() {
        return stored().stream().map(Stored::line).toList();
    }
}
