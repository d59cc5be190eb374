/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.head;

import io.skald.core.model.Labels;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Numbers the metadata of a fragment in order of appearance, equal ones alike. Most entries share one of a few objects, such as those of the levels: these
 * are found without a hash table. Confined to one thread.
 */
final class MetadataIds {
    /** How many objects are remembered. */
    private static final int OBJECTS = 8;

    private final @Nullable Labels[] objects = new @Nullable Labels[OBJECTS];
    private final int[] idsOfObjects = new int[OBJECTS];
    private int next;

    private final Map<Labels, Integer> ids = new HashMap<>();
    private final List<Labels> distinct = new ArrayList<>();

    @SuppressWarnings("ReferenceEquality") // others only cost a look into the table
    int of(Labels metadata) {
        for (int i = 0; i < OBJECTS; i++) {
            if (objects[i] == metadata) {
                return idsOfObjects[i];
            }
        }
        return find(metadata);
    }

    private int find(Labels metadata) {
        Integer known = ids.putIfAbsent(metadata, distinct.size());
        int id = known == null ? distinct.size() : known;
        if (known == null) {
            distinct.add(metadata);
        }
        objects[next] = metadata;
        idsOfObjects[next] = id;
        next = (next + 1) % OBJECTS;
        return id;
    }

    int size() {
        return distinct.size();
    }

    Labels get(int id) {
        return distinct.get(id);
    }
}
