/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.head;

import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Numbers the metadata of a fragment in order of appearance, equal ones alike. Most entries share one of a few objects, such as those of the levels: the
 * first few are found without a hash table. Confined to one thread.
 */
final class MetadataIds {
    /** How many are found by comparing with each. */
    private static final int FEW = 8;

    private Labels[] distinct = new Labels[FEW];
    private int size;
    /** Those after the first few. */
    private @Nullable Map<Labels, Integer> more;

    /** Begins anew. */
    void clear() {
        size = 0;
        more = null;
    }

    /** The numbers of the metadata of entries. */
    int[] rows(EntryBatch b, int from, int to) {
        int[] rows = new int[to - from];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = of(b.metadata(from + i));
        }
        return rows;
    }

    @SuppressWarnings("ReferenceEquality") // others are compared next
    int of(Labels metadata) {
        int few = Math.min(size, FEW);
        for (int i = 0; i < few; i++) {
            if (distinct[i] == metadata) {
                return i;
            }
        }
        return find(metadata, few);
    }

    private int find(Labels metadata, int few) {
        for (int i = 0; i < few; i++) {
            if (distinct[i].equals(metadata)) {
                return i;
            }
        }
        if (few == FEW) {
            Integer known = others().putIfAbsent(metadata, size);
            if (known != null) {
                return known;
            }
        }
        if (size == distinct.length) {
            distinct = Arrays.copyOf(distinct, size * 2);
        }
        distinct[size] = metadata;
        return size++;
    }

    private Map<Labels, Integer> others() {
        if (more == null) {
            more = new HashMap<>();
        }
        return more;
    }

    int size() {
        return size;
    }

    Labels get(int id) {
        return distinct[id];
    }
}
