/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.index;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.storage.dynamodb.DynamoDbIndexStore;
import io.skald.storage.memory.MemoryIndexStore;
import io.skald.storage.segment.SegmentRef;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class CommitLogTest {
    private static final TenantId T = new TenantId("t");
    private final MemoryIndexStore store = new MemoryIndexStore();
    private final CommitLog log = new CommitLog(store, 5);

    private static SegmentRef segment(String key) {
        return new SegmentRef(key, 3, 10, 20, 1000, 7, 70, 900, 2);
    }

    private static LogRecord flush(String key, long from, long to) {
        return LogRecord.flush(List.of(segment(key)), new Fence("i", from, to));
    }

    /** With every store what one item of DynamoDB holds: a longer record is refused, and nothing is written. */
    @Test
    void aRecordThatIsTooLongIsRefused() throws StoreException {
        CommitLog log = new CommitLog(new MemoryIndexStore());
        TenantId tenant = new TenantId("long");
        List<SegmentRef> adds = new ArrayList<>();
        for (int i = 0; i < 9000; i++) {
            String key = String.format(java.util.Locale.ROOT, "long/2026-01-01/01M81RBMTN6JNF544BEX%06d.seg", i);
            adds.add(new SegmentRef(key, 20454, 1, 2, 100, 3, 50, 60, 1).withRetention("{app=\"audit\"}"));
        }
        assertThatThrownBy(() -> log.commit(tenant, LogRecord.flush(adds, new Fence("i", 0, 1))))
                .isInstanceOf(StoreException.class)
                .hasMessageStartingWith("log long/log: a record of ")
                .hasMessageContaining("limit 389120: it adds 9000 segments and removes 0");
        assertThat(log.read(tenant).n()).isZero();
        List<LogRecord> parts = LogRecord.flushInParts(adds, new Fence("i", 0, 1), List.of());
        TenantId inParts = new TenantId("parts");
        for (LogRecord part : parts) {
            assertThat(log.read(inParts).fence("i")).isZero();
            assertThat(log.commit(inParts, part)).isInstanceOf(CommitResult.Committed.class);
        }
        assertThat(parts).hasSize(4);
        assertThat(log.read(inParts).fence("i")).isEqualTo(1);
        assertThat(log.read(inParts).segments()).isEqualTo(adds);
        assertThat(log.commit(tenant, LogRecord.flush(adds.subList(0, 1000), new Fence("i", 0, 1))))
                .isInstanceOf(CommitResult.Committed.class);
        List<String> keys = adds.subList(0, 1000).stream().map(SegmentRef::key).toList();
        assertThat(log.commit(tenant, LogRecord.removal(keys))).isInstanceOf(CommitResult.Committed.class);
        assertThat(LogFormat.MAX_RECORD_BYTES).isLessThan(DynamoDbIndexStore.MAX_VALUE_BYTES);
    }

    @Test
    void commitsAreSeenByAllFollowersAndCheckpointsChangeNothing() throws StoreException {
        CommitLog follower = new CommitLog(store, 5);
        for (int i = 0; i < 23; i++) {
            CommitLog writer = i % 2 == 0 ? log : follower;
            assertThat(writer.commit(T, flush("s" + i, i, i + 1))).isEqualTo(new CommitResult.Committed(i + 1));
            assertThat(follower.read(T)).isEqualTo(log.read(T));
            assertThat(new CommitLog(store, 5).read(T)).isEqualTo(log.read(T));
        }
        assertThat(log.read(T).n()).isEqualTo(23);
        assertThat(log.read(T).fence("i")).isEqualTo(23);
        assertThat(log.read(T).fence("other")).isZero();
        assertThat(log.read(T).segments()).hasSize(23);
        assertThat(log.tenants()).containsExactly(T);
        assertThat(store.read("t/checkpoint", 0, 100)).hasSize(2);
    }

    @Test
    void premisesAreChecked() throws StoreException {
        log.commit(T, flush("s1", 0, 10));
        assertThat(log.commit(T, flush("s2", 5, 15))).isEqualTo(new CommitResult.FenceMoved("i", 10));
        assertThat(log.commit(T, new LogRecord(UUID.randomUUID(), List.of(), List.of("s1", "s9"), null)))
                .isEqualTo(new CommitResult.SegmentsGone(List.of("s9")));
        assertThat(log.commit(T, new LogRecord(UUID.randomUUID(), List.of(segment("c")), List.of("s1"), null)))
                .isEqualTo(new CommitResult.Committed(2));
        assertThat(log.read(T).segments()).containsExactly(segment("c"));
    }

    @Test
    void theSameCommitAgainIsTheSame() throws StoreException {
        LogRecord r = flush("s1", 0, 10);
        assertThat(log.commit(T, r)).isEqualTo(new CommitResult.Committed(1));
        for (int i = 0; i < 7; i++) {
            log.commit(T, new LogRecord(UUID.randomUUID(), List.of(segment("x" + i)), List.of(), null));
        }
        assertThat(new CommitLog(store, 5).commit(T, r)).isEqualTo(new CommitResult.Committed(1));
        assertThat(log.read(T).n()).isEqualTo(8);
    }

    @Test
    void everyFlippedBitOfARecordIsFound() {
        byte[] good = LogCodec.encode(flush("t/1970-01-04/x.seg", 0, 10));
        for (int i = 0; i < good.length * 8; i++) {
            byte[] bad = good.clone();
            bad[i / 8] ^= (byte) (1 << i % 8);
            assertThatThrownBy(() -> LogCodec.decode("log record t/log/1", bad))
                    .isInstanceOf(StoreException.CorruptData.class)
                    .hasMessageContaining("log record t/log/1")
                    .hasMessageContaining("offset");
        }
    }
}
