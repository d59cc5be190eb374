/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.scan;

import io.skald.core.model.Labels;
import io.skald.core.model.StoreException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One stream from several parts, each of which is in order and free of equal entries. Parts may overlap in time: entries come in order of
 * time, then in the order of the parts; entries equal to one of an earlier part are left out. Where two parts hold the same time, lines and
 * metadata are compared: a part's cursor must give both, or be a {@link LazyCursor}.
 */
public final class MergedStream implements StreamScan {
    private final Labels labels;
    private final List<StreamScan> parts;
    private final Direction direction;
    private final ScanStats stats;

    /**
     * @param parts in the order of arrival, at least one, all of the same labels and direction
     * @param stats where collapsed entries are counted
     */
    public MergedStream(Labels labels, List<StreamScan> parts, Direction direction, ScanStats stats) {
        if (parts.isEmpty()) {
            throw new IllegalArgumentException("no parts of " + labels);
        }
        this.labels = labels;
        this.parts = List.copyOf(parts);
        this.direction = direction;
        this.stats = stats;
    }

    @Override
    public Labels labels() {
        return labels;
    }

    @Override
    public long minNanos() {
        long min = Long.MAX_VALUE;
        for (StreamScan p : parts) {
            min = Math.min(min, p.minNanos());
        }
        return min;
    }

    @Override
    public long maxNanos() {
        long max = Long.MIN_VALUE;
        for (StreamScan p : parts) {
            max = Math.max(max, p.maxNanos());
        }
        return max;
    }

    private StreamScan merged(List<StreamScan> some) {
        return new MergedStream(labels, some, direction, stats);
    }

    @Override
    public List<StreamScan> pieces() {
        return Pieces.of(parts, this::merged);
    }

    @Override
    public @Nullable Counted counted(Counted.Wanted wanted) throws StoreException {
        return Counted.of(parts, wanted, this::merged);
    }

    @Override
    public EntryCursor open() {
        return new MergeCursor(parts, direction, stats);
    }
}
