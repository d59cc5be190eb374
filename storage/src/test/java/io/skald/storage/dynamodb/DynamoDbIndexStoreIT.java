/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.dynamodb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.prometheus.client.CollectorRegistry;
import io.skald.core.config.DynamoDbSettings;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.storage.IndexStore;
import io.skald.storage.IndexStoreContract;
import io.skald.storage.LocalDynamoDb;
import io.skald.storage.StoreMetrics;
import io.skald.storage.index.CommitLog;
import io.skald.storage.index.CommitResult;
import io.skald.storage.index.Fence;
import io.skald.storage.index.LogRecord;
import io.skald.storage.segment.SegmentRef;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class DynamoDbIndexStoreIT extends IndexStoreContract {
    private static LocalDynamoDb server;
    private static int tables;

    @BeforeAll
    static void start() throws Exception {
        server = LocalDynamoDb.start();
    }

    @AfterAll
    static void stop() throws Exception {
        server.close();
    }

    private static DynamoDbSettings settings() {
        return LocalDynamoDb.settings(server.endpoint(), "table-" + tables++);
    }

    private static StoreMetrics metrics() {
        return new StoreMetrics(new CollectorRegistry());
    }

    @Override
    protected IndexStore open() throws Exception {
        DynamoDbSettings s = settings();
        assertThat(DynamoDbIndexStore.init(s, metrics())).isTrue();
        assertThat(DynamoDbIndexStore.init(s, metrics())).isFalse();
        return DynamoDbIndexStore.open(s, metrics());
    }

    @Test
    void aTableThatIsNotThereIsNamedAtTheStart() {
        DynamoDbSettings s = settings();
        assertThatThrownBy(() -> DynamoDbIndexStore.open(s, metrics()))
                .isInstanceOf(StoreException.class)
                .hasMessage("DynamoDB table '" + s.table() + "' in us-east-1 at " + server.endpoint()
                        + " does not exist; create it with: skald store init");
    }

    @Test
    void whatIsTooLargeForAnItemIsRefused() throws Exception {
        try (IndexStore store = open()) {
            byte[] most = new byte[DynamoDbIndexStore.MAX_VALUE_BYTES];
            assertThat(store.putIfAbsent("p", 1, most)).isTrue();
            assertThat(store.get("p", 1)).hasSize(most.length);
            assertThatThrownBy(() -> store.putIfAbsent("p", 2, new byte[most.length + 1]))
                    .isInstanceOf(StoreException.class)
                    .hasMessageContaining("DynamoDB holds at most");
        }
    }

    /** More than what one answer holds, 1 MB, and more than one batch of deletions. */
    @Test
    void readsAndDeletesPageByPage() throws Exception {
        try (IndexStore store = open()) {
            for (int i = 0; i < 40; i++) {
                store.putIfAbsent("p", i, new byte[60_000]);
            }
            assertThat(store.read("p", 0, Integer.MAX_VALUE)).hasSize(40);
            assertThat(store.read("p", 5, 30)).hasSize(30);
            store.deleteBefore("p", 39);
            assertThat(store.read("p", 0, 100)).extracting(IndexStore.Item::key).containsExactly(39L);
        }
    }

    /** What a commit and a read cost: one unit each while the record is small. */
    @Test
    void aSmallCommitCostsOneWriteUnitAndAReadOne() throws Exception {
        CollectorRegistry registry = new CollectorRegistry();
        DynamoDbSettings s = settings();
        DynamoDbIndexStore.init(s, metrics());
        TenantId t = new TenantId("t");
        try (IndexStore store = DynamoDbIndexStore.open(s, new StoreMetrics(registry))) {
            CommitLog log = new CommitLog(store);
            for (int i = 0; i < 3; i++) {
                SegmentRef ref = new SegmentRef("t/1970-01-01/" + i + ".seg", 0, 1, 2, 100, 3, 50, 60, 1);
                assertThat(log.commit(t, LogRecord.flush(List.of(ref), new Fence("i", i, i + 1))))
                        .isEqualTo(new CommitResult.Committed(i + 1));
            }
            double written = units(registry, "write");
            double read = units(registry, "read");
            SegmentRef ref = new SegmentRef("t/1970-01-01/9.seg", 0, 1, 2, 100, 3, 50, 60, 1);
            log.commit(t, LogRecord.flush(List.of(ref), new Fence("i", 3, 4)));
            assertThat(units(registry, "write") - written).isEqualTo(1);
            assertThat(units(registry, "read") - read).isLessThanOrEqualTo(1);
            read = units(registry, "read");
            log.read(t);
            assertThat(units(registry, "read") - read).isLessThanOrEqualTo(1);
        }
    }

    private static double units(CollectorRegistry registry, String kind) {
        Double v = registry.getSampleValue(
                "skald_storage_dynamodb_units_total", new String[] {"kind"}, new String[] {kind});
        return v == null ? 0 : v;
    }
}
