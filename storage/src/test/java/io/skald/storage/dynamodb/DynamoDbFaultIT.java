/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.dynamodb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.prometheus.client.CollectorRegistry;
import io.skald.core.config.DynamoDbSettings;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.storage.FaultyHttp;
import io.skald.storage.FaultyHttp.Kind;
import io.skald.storage.IndexStore;
import io.skald.storage.LocalDynamoDb;
import io.skald.storage.StoreMetrics;
import io.skald.storage.index.CommitLog;
import io.skald.storage.index.CommitResult;
import io.skald.storage.index.Fence;
import io.skald.storage.index.LogRecord;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The service throttles, fails, loses answers: every write is done once, and its writer knows whether it was. */
class DynamoDbFaultIT {
    private static final int ATTEMPTS = 3;
    private static final Duration PATIENCE = Duration.ofMillis(400);

    private static LocalDynamoDb server;
    private static FaultyHttp faults;
    private static IndexStore store;
    private static CollectorRegistry registry;
    private static int partitions;

    @BeforeAll
    static void start() throws Exception {
        server = LocalDynamoDb.start();
        faults = FaultyHttp.before(server.endpoint(), PATIENCE.multipliedBy(2));
        registry = new CollectorRegistry();
        DynamoDbIndexStore.init(
                LocalDynamoDb.settings(server.endpoint(), "table"), new StoreMetrics(new CollectorRegistry()));
        store = DynamoDbIndexStore.open(
                new DynamoDbSettings("table", "us-east-1", faults.endpoint(), PATIENCE, ATTEMPTS),
                new StoreMetrics(registry));
    }

    @AfterAll
    static void stop() throws Exception {
        store.close();
        faults.close();
        server.close();
    }

    /** A partition that is in the catalog already, so that the next request is the one of interest. */
    private static String partition() throws StoreException {
        String p = "p" + partitions++;
        store.putIfAbsent(p, -1, new byte[] {0});
        return p;
    }

    private static boolean isPut(FaultyHttp.Seen r) {
        return r.target().endsWith(".PutItem");
    }

    @ParameterizedTest
    @EnumSource(names = {"ERROR_500", "THROTTLED", "LOST", "TRUNCATED"})
    void aWriteIsRepeatedAndItsWriterKnows(Kind kind) throws Exception {
        String p = partition();
        byte[] value = {1};
        faults.next(ATTEMPTS - 1, kind, DynamoDbFaultIT::isPut);
        assertThat(store.putIfAbsent(p, 1, value)).isTrue();
        assertThat(faults.left()).isZero();
        faults.next(ATTEMPTS - 1, kind, DynamoDbFaultIT::isPut);
        // the same bytes by another writer are another write
        assertThat(store.putIfAbsent(p, 1, value)).isFalse();
        faults.next(ATTEMPTS - 1, kind, DynamoDbFaultIT::isPut);
        assertThat(store.compareAndPut(p, 1, value, new byte[] {2})).isTrue();
        assertThat(store.get(p, 1)).containsExactly(2);
    }

    @ParameterizedTest
    @EnumSource(names = {"ERROR_500", "LOST", "TRUNCATED"})
    void aReadIsRepeated(Kind kind) throws Exception {
        String p = partition();
        for (int i = 0; i < 3; i++) {
            store.putIfAbsent(p, i, new byte[] {(byte) i});
        }
        faults.next(ATTEMPTS - 1, kind, r -> r.target().endsWith(".GetItem"));
        assertThat(store.get(p, 1)).containsExactly(1);
        assertThat(faults.left()).isZero();
        faults.next(ATTEMPTS - 1, kind, r -> r.target().endsWith(".Query"));
        assertThat(store.read(p, 0, 10)).extracting(IndexStore.Item::key).containsExactly(0L, 1L, 2L);
        assertThat(faults.left()).isZero();
    }

    /** All answers of a write are lost, and it is found to be done, or to have lost. */
    @ParameterizedTest
    @EnumSource(names = {"LATE", "LOST"})
    void aWriteThatIsNeverAnsweredIsFound(Kind kind) throws Exception {
        String p = partition();
        faults.next(ATTEMPTS, kind, DynamoDbFaultIT::isPut);
        assertThat(store.putIfAbsent(p, 1, new byte[] {1})).isTrue();
        faults.next(ATTEMPTS, kind, DynamoDbFaultIT::isPut);
        assertThat(store.putIfAbsent(p, 1, new byte[] {2})).isFalse();
        assertThat(store.get(p, 1)).containsExactly(1);
    }

    @Test
    void anOutageIsToldAndACommitAfterItIsDoneOnce() throws Exception {
        TenantId t = new TenantId("outage");
        LogRecord r = LogRecord.flush(List.of(), new Fence("i", 0, 1));
        CommitLog log = new CommitLog(store);
        assertThat(log.commit(t, LogRecord.flush(List.of(), new Fence("j", 0, 1))))
                .isEqualTo(new CommitResult.Committed(1));
        faults.next(Integer.MAX_VALUE, Kind.LOST, x -> true);
        try {
            assertThatThrownBy(() -> log.commit(t, r)).isInstanceOf(StoreException.Unavailable.class);
            faults.next(Integer.MAX_VALUE, Kind.THROTTLED, x -> true);
            assertThatThrownBy(() -> store.get("p0", 1)).isInstanceOf(StoreException.Throttled.class);
        } finally {
            faults.next(0, Kind.LOST, x -> true);
        }
        assertThat(log.commit(t, r)).isEqualTo(new CommitResult.Committed(2));
        assertThat(new CommitLog(store).read(t).n()).isEqualTo(2);
        Double throttles = registry.getSampleValue(
                "skald_storage_throttles_total",
                new String[] {"store", "operation"},
                new String[] {"dynamodb", "GetItem"});
        assertThat(throttles).isGreaterThanOrEqualTo(ATTEMPTS);
    }

    /** The service does a part of what is asked in batches and says so; the rest is asked again, until it is too often. */
    @Test
    void whatABatchLeavesUndoneIsAskedAgain() throws Exception {
        String p = partition();
        for (int i = 0; i < 30; i++) {
            store.putIfAbsent(p, i, new byte[] {1});
        }
        faults.next(2, Kind.UNDONE, r -> r.target().endsWith(".BatchWriteItem"));
        store.deleteBefore(p, 29);
        assertThat(faults.left()).isZero();
        assertThat(store.read(p, -5, 100)).extracting(IndexStore.Item::key).containsExactly(29L);
    }

    /** An answer is lost. */
    @Test
    void deletionsAreRepeated() throws Exception {
        String p = partition();
        for (int i = 0; i < 30; i++) {
            store.putIfAbsent(p, i, new byte[] {1});
        }
        faults.next(2, Kind.LOST, r -> r.target().endsWith(".BatchWriteItem"));
        store.deleteBefore(p, 29);
        assertThat(store.read(p, -5, 100)).extracting(IndexStore.Item::key).containsExactly(29L);
    }
}
