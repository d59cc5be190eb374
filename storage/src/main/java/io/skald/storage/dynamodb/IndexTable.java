/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.dynamodb;

import io.skald.core.config.DynamoDbSettings;
import io.skald.core.model.StoreException;
import io.skald.storage.aws.AwsClients;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeDefinition;
import software.amazon.awssdk.services.dynamodb.model.BillingMode;
import software.amazon.awssdk.services.dynamodb.model.KeySchemaElement;
import software.amazon.awssdk.services.dynamodb.model.KeyType;
import software.amazon.awssdk.services.dynamodb.model.ResourceInUseException;
import software.amazon.awssdk.services.dynamodb.model.ResourceNotFoundException;
import software.amazon.awssdk.services.dynamodb.model.ScalarAttributeType;
import software.amazon.awssdk.services.dynamodb.model.TableDescription;
import software.amazon.awssdk.services.dynamodb.model.TableStatus;
import software.amazon.awssdk.services.dynamodb.waiters.DynamoDbWaiter;

/** The table: one item for each record. */
final class IndexTable {
    /** Partition key: the name of the partition. */
    static final String PARTITION = "p";
    /** Sort key: the key of the record. */
    static final String KEY = "k";
    /** The record. */
    static final String VALUE = "v";
    /** 16 random bytes, by which a writer knows what it wrote. */
    static final String NONCE = "w";
    /** In rows of the catalog: the name of a partition. */
    static final String NAME = "n";

    private static final Duration CREATION = Duration.ofMinutes(3);
    private static final Map<String, String> SCHEMA = Map.of("HASH", PARTITION + " S", "RANGE", KEY + " N");

    private IndexTable() {}

    static void verify(DynamoDbClient client, DynamoDbSettings s) throws StoreException {
        TableDescription t;
        try {
            t = client.describeTable(b -> b.tableName(s.table())).table();
        } catch (ResourceNotFoundException e) {
            throw new StoreException(name(s) + " does not exist; create it with: skald store init", e);
        } catch (SdkException e) {
            throw AwsClients.failure(name(s) + " cannot be looked at", e);
        }
        check(t, s);
        if (t.tableStatus() != TableStatus.ACTIVE && t.tableStatus() != TableStatus.UPDATING) {
            throw new StoreException.Unavailable(name(s) + " is " + t.tableStatusAsString() + ", not ACTIVE");
        }
    }

    private static void check(TableDescription t, DynamoDbSettings s) throws StoreException {
        Map<String, String> types = new TreeMap<>();
        t.attributeDefinitions().forEach(a -> types.put(a.attributeName(), a.attributeTypeAsString()));
        Map<String, String> schema = new TreeMap<>();
        t.keySchema()
                .forEach(k -> schema.put(k.keyTypeAsString(), k.attributeName() + " " + types.get(k.attributeName())));
        if (!schema.equals(SCHEMA)) {
            throw new StoreException(name(s) + " is not a table of Skald: its key is " + schema + ", must be "
                    + new TreeMap<>(SCHEMA) + "; set storage.dynamodb.table to another name and create it with: "
                    + "skald store init");
        }
    }

    static boolean create(DynamoDbClient client, DynamoDbSettings s) throws StoreException {
        boolean created = true;
        try {
            client.createTable(b -> b.tableName(s.table())
                    .billingMode(BillingMode.PAY_PER_REQUEST)
                    .deletionProtectionEnabled(true)
                    .attributeDefinitions(
                            attribute(PARTITION, ScalarAttributeType.S), attribute(KEY, ScalarAttributeType.N))
                    .keySchema(key(PARTITION, KeyType.HASH), key(KEY, KeyType.RANGE)));
        } catch (ResourceInUseException e) {
            created = false;
        } catch (SdkException e) {
            throw AwsClients.failure(name(s) + " cannot be created", e);
        }
        try (DynamoDbWaiter waiter = DynamoDbWaiter.builder()
                .client(client)
                .overrideConfiguration(c -> c.waitTimeout(CREATION))
                .build()) {
            TableDescription t = waiter.waitUntilTableExists(b -> b.tableName(s.table()))
                    .matched()
                    .response()
                    .orElseThrow()
                    .table();
            check(t, s);
        } catch (SdkException e) {
            throw AwsClients.failure(name(s) + " does not become active", e);
        }
        return created;
    }

    private static AttributeDefinition attribute(String name, ScalarAttributeType type) {
        return AttributeDefinition.builder()
                .attributeName(name)
                .attributeType(type)
                .build();
    }

    private static KeySchemaElement key(String name, KeyType type) {
        return KeySchemaElement.builder().attributeName(name).keyType(type).build();
    }

    private static String name(DynamoDbSettings s) {
        return "DynamoDB table '" + s.table() + "'"
                + (s.region().isEmpty() ? "" : " in " + s.region())
                + (s.endpoint().isEmpty() ? "" : " at " + s.endpoint());
    }
}
