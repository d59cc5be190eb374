/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.dynamodb;

import io.skald.core.config.DynamoDbSettings;
import io.skald.core.model.StoreException;
import io.skald.storage.IndexStore;
import io.skald.storage.StoreMetrics;
import io.skald.storage.aws.AwsClients;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.BatchWriteItemResponse;
import software.amazon.awssdk.services.dynamodb.model.ConditionalCheckFailedException;
import software.amazon.awssdk.services.dynamodb.model.ConsumedCapacity;
import software.amazon.awssdk.services.dynamodb.model.DeleteRequest;
import software.amazon.awssdk.services.dynamodb.model.GetItemResponse;
import software.amazon.awssdk.services.dynamodb.model.PutItemRequest;
import software.amazon.awssdk.services.dynamodb.model.PutItemResponse;
import software.amazon.awssdk.services.dynamodb.model.QueryRequest;
import software.amazon.awssdk.services.dynamodb.model.QueryResponse;
import software.amazon.awssdk.services.dynamodb.model.ReturnConsumedCapacity;
import software.amazon.awssdk.services.dynamodb.model.ReturnValuesOnConditionCheckFailure;
import software.amazon.awssdk.services.dynamodb.model.WriteRequest;

/**
 * Records as items of one table ({@link IndexTable}), read strongly consistent. The client repeats what was throttled or not answered, with
 * growing pauses; as a write may have been done although its answer was lost, each carries a random number, by which it is known again.
 * Thread-safe.
 */
public final class DynamoDbIndexStore implements IndexStore {
    /** Longest value, bytes: an item holds 400 KB with its keys. */
    public static final int MAX_VALUE_BYTES = 390 << 10;

    private static final String STORE = "dynamodb";
    /** What DynamoDB takes in one batch. */
    private static final int BATCH = 25;
    /** Batches in a row of which something was left undone, before giving up. */
    private static final int MAX_UNDONE = 10;

    private static final long UNDONE_PAUSE_MILLIS = 50;

    private final DynamoDbClient client;
    private final SdkHttpClient http;
    private final String table;
    private final StoreMetrics metrics;
    private final PartitionCatalog catalog = new PartitionCatalog(this);
    private volatile boolean closed;

    private DynamoDbIndexStore(DynamoDbClient client, SdkHttpClient http, String table, StoreMetrics metrics) {
        this.client = client;
        this.http = http;
        this.table = table;
        this.metrics = metrics;
    }

    /**
     * Connects, and checks that the table is there and is what it must be.
     *
     * @throws StoreException saying what is wrong with the table, or that it cannot be reached
     */
    public static DynamoDbIndexStore open(DynamoDbSettings settings, StoreMetrics metrics) throws StoreException {
        DynamoDbIndexStore store = connect(settings, metrics);
        try {
            IndexTable.verify(store.client, settings);
            return store;
        } catch (StoreException | RuntimeException e) {
            store.close();
            throw e;
        }
    }

    /**
     * Creates the table if there is none, and waits until it can be used.
     *
     * @return whether it was created
     */
    public static boolean init(DynamoDbSettings settings, StoreMetrics metrics) throws StoreException {
        DynamoDbIndexStore store = connect(settings, metrics);
        try {
            return IndexTable.create(store.client, settings);
        } finally {
            store.close();
        }
    }

    private static DynamoDbIndexStore connect(DynamoDbSettings s, StoreMetrics metrics) throws StoreException {
        AwsClients.Access access =
                new AwsClients.Access(STORE, s.region(), s.endpoint(), s.attemptTimeout(), s.maxAttempts());
        SdkHttpClient http = AwsClients.http(access);
        try {
            DynamoDbClient client = AwsClients.configure(DynamoDbClient.builder(), access, http, metrics)
                    .build();
            return new DynamoDbIndexStore(client, http, s.table(), metrics);
        } catch (StoreException | RuntimeException e) {
            http.close();
            throw e;
        }
    }

    private static AttributeValue text(String s) {
        return AttributeValue.fromS(s);
    }

    private static AttributeValue number(long n) {
        return AttributeValue.fromN(Long.toString(n));
    }

    private static AttributeValue bytes(byte[] b) {
        return AttributeValue.fromB(SdkBytes.fromByteArrayUnsafe(b));
    }

    private static Map<String, AttributeValue> key(String partition, long key) {
        return Map.of(IndexTable.PARTITION, text(partition), IndexTable.KEY, number(key));
    }

    private static byte[] nonce() {
        UUID u = UUID.randomUUID();
        return ByteBuffer.allocate(16)
                .putLong(u.getMostSignificantBits())
                .putLong(u.getLeastSignificantBits())
                .array();
    }

    private static boolean holds(Map<String, AttributeValue> item, String attribute, byte[] expected) {
        AttributeValue v = item.get(attribute);
        return v != null && v.b() != null && Arrays.equals(v.b().asByteArrayUnsafe(), expected);
    }

    /** A call, timed and counted. */
    private <T> T call(
            String operation,
            String name,
            long sent,
            Function<DynamoDbClient, T> call,
            Function<T, @Nullable ConsumedCapacity> units,
            Function<T, Long> received) {
        long begin = System.nanoTime();
        boolean success = false;
        long size = 0;
        try {
            T answer = call.apply(client);
            ConsumedCapacity c = units.apply(answer);
            if (c != null && c.capacityUnits() != null) {
                boolean write = operation.equals("PutItem") || operation.equals("BatchWriteItem");
                metrics.units(STORE, operation, name, write ? 0 : c.capacityUnits(), write ? c.capacityUnits() : 0);
            }
            size = received.apply(answer);
            success = true;
            return answer;
        } catch (ConditionalCheckFailedException e) {
            success = true;
            metrics.units(STORE, operation, name, 0, (double) Math.max(1, Math.ceilDiv(sent, 1024)));
            throw e;
        } finally {
            metrics.call(STORE, operation, name, System.nanoTime() - begin, sent, size, success);
        }
    }

    @Override
    public boolean putIfAbsent(String partition, long key, byte[] value) throws StoreException {
        return compareAndPut(partition, key, null, value);
    }

    @Override
    public boolean compareAndPut(String partition, long key, byte @Nullable [] expected, byte[] value)
            throws StoreException {
        if (value.length > MAX_VALUE_BYTES) {
            throw new StoreException("index record " + partition + "/" + key + " of " + value.length
                    + " bytes: DynamoDB holds at most " + MAX_VALUE_BYTES);
        }
        if (expected == null) {
            catalog.ensure(partition);
        }
        byte[] nonce = nonce();
        Map<String, AttributeValue> item = new HashMap<>(key(partition, key));
        item.put(IndexTable.VALUE, bytes(value));
        item.put(IndexTable.NONCE, bytes(nonce));
        PutItemRequest.Builder put = PutItemRequest.builder()
                .tableName(table)
                .item(item)
                .returnConsumedCapacity(ReturnConsumedCapacity.TOTAL)
                .returnValuesOnConditionCheckFailure(ReturnValuesOnConditionCheckFailure.ALL_OLD);
        if (expected == null) {
            put.conditionExpression("attribute_not_exists(" + IndexTable.PARTITION + ")");
        } else {
            put.conditionExpression(IndexTable.VALUE + " = :expected")
                    .expressionAttributeValues(Map.of(":expected", bytes(expected)));
        }
        PutItemRequest request = put.build();
        try {
            put(partition, value.length, request);
            return true;
        } catch (ConditionalCheckFailedException e) {
            // an attempt before the last may have been done and not answered: then what is there is ours
            return e.hasItem() && holds(e.item(), IndexTable.NONCE, nonce);
        } catch (SdkException e) {
            return settle(partition, key, expected, nonce, e);
        }
    }

    private void put(String partition, long size, PutItemRequest request) {
        call("PutItem", partition, size, c -> c.putItem(request), PutItemResponse::consumedCapacity, r -> 0L);
    }

    /** What became of a write that was not answered: it was done, it lost, or nobody knows yet and the failure stands. */
    private boolean settle(String partition, long key, byte @Nullable [] expected, byte[] nonce, SdkException failure)
            throws StoreException {
        StoreException unknown = AwsClients.failure("cannot write index record " + partition + "/" + key, failure);
        Map<String, AttributeValue> item;
        try {
            item = item(partition, key);
        } catch (SdkException e) {
            unknown.addSuppressed(e);
            throw unknown;
        }
        if (holds(item, IndexTable.NONCE, nonce)) {
            return true;
        }
        boolean unchanged = expected == null ? item.isEmpty() : holds(item, IndexTable.VALUE, expected);
        if (unchanged) {
            throw unknown; // it may still arrive
        }
        return false;
    }

    private Map<String, AttributeValue> item(String partition, long key) {
        GetItemResponse found = call(
                "GetItem",
                partition,
                0,
                c -> c.getItem(b -> b.tableName(table)
                        .key(key(partition, key))
                        .consistentRead(true)
                        .returnConsumedCapacity(ReturnConsumedCapacity.TOTAL)),
                GetItemResponse::consumedCapacity,
                r -> r.hasItem() ? size(r.item()) : 0L);
        return found.hasItem() ? found.item() : Map.of();
    }

    private static long size(Map<String, AttributeValue> item) {
        AttributeValue v = item.get(IndexTable.VALUE);
        return v == null || v.b() == null ? 0 : v.b().asByteArrayUnsafe().length;
    }

    @Override
    public byte @Nullable [] get(String partition, long key) throws StoreException {
        try {
            Map<String, AttributeValue> item = item(partition, key);
            return item.isEmpty() ? null : value(partition, item);
        } catch (SdkException e) {
            throw AwsClients.failure("cannot read index record " + partition + "/" + key, e);
        }
    }

    private byte[] value(String partition, Map<String, AttributeValue> item) throws StoreException {
        AttributeValue v = item.get(IndexTable.VALUE);
        if (v == null || v.b() == null) {
            throw new StoreException.CorruptData("index record " + partition + "/" + item.get(IndexTable.KEY)
                    + " of table " + table + " has no value at offset 0");
        }
        return v.b().asByteArray();
    }

    /** Items of a partition from a key on, as pages come. */
    List<Map<String, AttributeValue>> query(String partition, long fromKey, int limit, boolean keysOnly) {
        List<Map<String, AttributeValue>> found = new ArrayList<>();
        Map<String, AttributeValue> from = Map.of();
        do {
            QueryRequest.Builder q = QueryRequest.builder()
                    .tableName(table)
                    .consistentRead(true)
                    .keyConditionExpression(IndexTable.PARTITION + " = :p AND " + IndexTable.KEY + " >= :k")
                    .expressionAttributeValues(Map.of(":p", text(partition), ":k", number(fromKey)))
                    .limit(limit - found.size())
                    .returnConsumedCapacity(ReturnConsumedCapacity.TOTAL);
            if (keysOnly) {
                q.projectionExpression(IndexTable.PARTITION + "," + IndexTable.KEY);
            }
            if (!from.isEmpty()) {
                q.exclusiveStartKey(from);
            }
            QueryRequest request = q.build();
            QueryResponse page = call(
                    "Query",
                    partition,
                    0,
                    c -> c.query(request),
                    QueryResponse::consumedCapacity,
                    r -> r.items().stream().mapToLong(DynamoDbIndexStore::size).sum());
            found.addAll(page.items());
            from = page.hasLastEvaluatedKey() ? page.lastEvaluatedKey() : Map.of();
        } while (!from.isEmpty() && found.size() < limit);
        return found;
    }

    @Override
    public List<Item> read(String partition, long fromKey, int limit) throws StoreException {
        if (limit <= 0) {
            return List.of();
        }
        List<Item> items = new ArrayList<>();
        try {
            for (Map<String, AttributeValue> i : query(partition, fromKey, limit, false)) {
                items.add(new Item(keyOf(i), value(partition, i)));
            }
        } catch (SdkException e) {
            throw AwsClients.failure("cannot read index partition " + partition, e);
        }
        return items;
    }

    private static long keyOf(Map<String, AttributeValue> item) {
        return Long.parseLong(item.getOrDefault(IndexTable.KEY, number(0)).n());
    }

    @Override
    public void deleteBefore(String partition, long beforeKey) throws StoreException {
        try {
            List<Long> keys = new ArrayList<>();
            for (Map<String, AttributeValue> i : query(partition, Long.MIN_VALUE, Integer.MAX_VALUE, true)) {
                long k = keyOf(i);
                if (k >= beforeKey) {
                    break;
                }
                keys.add(k);
            }
            for (int i = 0; i < keys.size(); i += BATCH) {
                delete(partition, keys.subList(i, Math.min(keys.size(), i + BATCH)));
            }
        } catch (SdkException e) {
            throw AwsClients.failure("cannot delete from index partition " + partition, e);
        }
    }

    /** Deletes up to a batch. What DynamoDB leaves undone, when it has too much to do, is asked again: the client does not do that. */
    private void delete(String partition, List<Long> keys) throws StoreException {
        List<WriteRequest> left = keys.stream()
                .map(k -> WriteRequest.builder()
                        .deleteRequest(
                                DeleteRequest.builder().key(key(partition, k)).build())
                        .build())
                .toList();
        for (int undone = 0; !left.isEmpty(); undone++) {
            if (undone > 0) {
                pause(partition, undone, left.size());
            }
            List<WriteRequest> now = left;
            BatchWriteItemResponse done = call(
                    "BatchWriteItem",
                    partition,
                    0,
                    c -> c.batchWriteItem(b ->
                            b.requestItems(Map.of(table, now)).returnConsumedCapacity(ReturnConsumedCapacity.TOTAL)),
                    r -> r.consumedCapacity().isEmpty()
                            ? null
                            : r.consumedCapacity().getFirst(),
                    r -> 0L);
            left = done.unprocessedItems().getOrDefault(table, List.of());
        }
    }

    private static void pause(String partition, int undone, int left) throws StoreException {
        if (undone > MAX_UNDONE) {
            throw new StoreException.Unavailable(
                    "index partition " + partition + ": " + left + " deletions left undone");
        }
        try {
            Thread.sleep(UNDONE_PAUSE_MILLIS << Math.min(undone, 6));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoreException.Unavailable("interrupted", e);
        }
    }

    /** {@inheritDoc} One that holds nothing any more, or not yet, may be among them. */
    @Override
    public List<String> partitions(String prefix) throws StoreException {
        try {
            return catalog.read().stream()
                    .filter(p -> p.startsWith(prefix))
                    .sorted()
                    .toList();
        } catch (SdkException e) {
            throw AwsClients.failure("cannot list index partitions", e);
        }
    }

    /** Writes a row of the catalog unless the key holds another name. Returns whether the key holds this name now. */
    boolean putName(String catalogPartition, long key, String name) throws StoreException {
        Map<String, AttributeValue> item = new HashMap<>(key(catalogPartition, key));
        item.put(IndexTable.NAME, text(name));
        try {
            put(
                    catalogPartition,
                    name.length(),
                    PutItemRequest.builder()
                            .tableName(table)
                            .item(item)
                            .returnConsumedCapacity(ReturnConsumedCapacity.TOTAL)
                            .conditionExpression("attribute_not_exists(" + IndexTable.PARTITION + ") OR "
                                    + IndexTable.NAME + " = :name")
                            .expressionAttributeValues(Map.of(":name", text(name)))
                            .build());
            return true;
        } catch (ConditionalCheckFailedException e) {
            return false;
        } catch (SdkException e) {
            throw AwsClients.failure("cannot write index partition " + name, e);
        }
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        client.close();
        http.close();
    }
}
