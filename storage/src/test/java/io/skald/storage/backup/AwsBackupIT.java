/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.backup;

import io.prometheus.client.CollectorRegistry;
import io.skald.core.config.DynamoDbSettings;
import io.skald.storage.IndexStore;
import io.skald.storage.LocalDynamoDb;
import io.skald.storage.LocalS3;
import io.skald.storage.SegmentStore;
import io.skald.storage.StoreMetrics;
import io.skald.storage.dynamodb.DynamoDbIndexStore;
import io.skald.storage.s3.S3SegmentStore;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** DynamoDB and S3. Two tests of the contract; all of it with {@code -Dskald.backup.aws=true}. */
class AwsBackupIT extends BackupContract {
    @TempDir
    private static Path dir;

    private static LocalDynamoDb dynamoDb;
    private static LocalS3 s3;
    private static int stores;

    @BeforeAll
    static void start() throws Exception {
        dynamoDb = LocalDynamoDb.start();
        s3 = LocalS3.start(dir);
        LocalS3.bucket(dir, "objects");
    }

    @AfterAll
    static void stop() {
        dynamoDb.close();
        s3.close();
    }

    private static StoreMetrics metrics() {
        return new StoreMetrics(new CollectorRegistry());
    }

    @Override
    protected IndexStore index() throws Exception {
        DynamoDbSettings s = LocalDynamoDb.settings(dynamoDb.endpoint(), "table-" + stores++);
        DynamoDbIndexStore.init(s, metrics());
        return DynamoDbIndexStore.open(s, metrics());
    }

    @Override
    protected int stride() {
        return 15;
    }

    @Override
    protected boolean runs(String test) {
        return Boolean.getBoolean("skald.backup.aws")
                || test.equals("whatIsRestoredIsWhatWasThere")
                || test.equals("whatWasInterruptedGoesOn");
    }

    @Override
    protected SegmentStore objects() throws Exception {
        return S3SegmentStore.open(LocalS3.settings(s3.endpoint(), "objects", "store-" + stores++ + "/"), metrics());
    }
}
