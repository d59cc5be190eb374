/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.dynamodb;

import io.skald.core.block.Checksum;
import io.skald.core.model.StoreException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/**
 * The names of all partitions, in a partition of their own: DynamoDB could list them only by reading the whole table. A name is written
 * before the first record of its partition, once for each process, and never removed. Thread-safe.
 */
final class PartitionCatalog {
    /** No tenant's name begins so. */
    private static final String PARTITION = "#partitions";

    private final DynamoDbIndexStore store;
    private final Set<String> known = ConcurrentHashMap.newKeySet();

    PartitionCatalog(DynamoDbIndexStore store) {
        this.store = store;
    }

    /** Returns when the name is in the catalog. */
    void ensure(String partition) throws StoreException {
        if (known.contains(partition)) {
            return;
        }
        long key = Integer.toUnsignedLong(Checksum.of(partition.getBytes(StandardCharsets.UTF_8))) << 16;
        while (!store.putName(PARTITION, key, partition)) {
            key++; // another name has the same checksum
        }
        known.add(partition);
    }

    Set<String> read() {
        Set<String> names = new TreeSet<>();
        for (Map<String, AttributeValue> i : store.query(PARTITION, Long.MIN_VALUE, Integer.MAX_VALUE, false)) {
            AttributeValue name = i.get(IndexTable.NAME);
            if (name != null && name.s() != null) {
                names.add(name.s());
            }
        }
        known.addAll(names);
        return names;
    }
}
