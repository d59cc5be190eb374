/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage;

import static org.assertj.core.api.Assertions.assertThat;

import io.skald.core.model.StoreException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every index store must do; a test of a backend extends it. */
public abstract class IndexStoreContract {
    private IndexStore store;

    /** An empty store. */
    protected abstract IndexStore open() throws Exception;

    @BeforeEach
    final void openStore() throws Exception {
        store = open();
    }

    @AfterEach
    final void closeStore() throws StoreException {
        store.close();
        store.close();
    }

    private static byte[] bytes(String s) {
        return s.getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void theFirstPutWins() throws StoreException {
        assertThat(store.get("a/log", 1)).isNull();
        assertThat(store.putIfAbsent("a/log", 1, bytes("one"))).isTrue();
        assertThat(store.putIfAbsent("a/log", 1, bytes("other"))).isFalse();
        assertThat(store.get("a/log", 1)).isEqualTo(bytes("one"));
        assertThat(store.get("a/lo", 1)).isNull();
    }

    @Test
    void comparesBeforeItPuts() throws StoreException {
        assertThat(store.compareAndPut("p", 7, bytes("x"), bytes("y"))).isFalse();
        assertThat(store.compareAndPut("p", 7, null, bytes("x"))).isTrue();
        assertThat(store.compareAndPut("p", 7, bytes("z"), bytes("y"))).isFalse();
        assertThat(store.compareAndPut("p", 7, bytes("x"), bytes("y"))).isTrue();
        assertThat(store.get("p", 7)).isEqualTo(bytes("y"));
    }

    @Test
    void readsInOrderWithinThePartition() throws StoreException {
        for (long key : new long[] {300, -1, 2, 256, 1, Long.MAX_VALUE, Long.MIN_VALUE}) {
            store.putIfAbsent("t/log", key, bytes("" + key));
        }
        store.putIfAbsent("t/lo", 5, bytes("before"));
        store.putIfAbsent("t/log2", 5, bytes("behind"));
        assertThat(store.read("t/log", Long.MIN_VALUE, 100))
                .extracting(IndexStore.Item::key)
                .containsExactly(Long.MIN_VALUE, -1L, 1L, 2L, 256L, 300L, Long.MAX_VALUE);
        assertThat(store.read("t/log", 2, 2)).extracting(IndexStore.Item::key).containsExactly(2L, 256L);
        store.deleteBefore("t/log", 256);
        assertThat(store.read("t/log", Long.MIN_VALUE, 100))
                .extracting(IndexStore.Item::key)
                .containsExactly(256L, 300L, Long.MAX_VALUE);
    }

    @Test
    void listsPartitions() throws StoreException {
        store.putIfAbsent("b/log", 1, bytes("x"));
        store.putIfAbsent("a/log", 1, bytes("x"));
        store.putIfAbsent("a/log", 2, bytes("x"));
        store.putIfAbsent("a/checkpoint", 2, bytes("x"));
        assertThat(store.partitions("")).containsExactly("a/checkpoint", "a/log", "b/log");
        assertThat(store.partitions("a/")).containsExactly("a/checkpoint", "a/log");
        assertThat(store.partitions("c")).isEmpty();
    }

    @Test
    void ofManyWritersOfOneKeyOneWins() throws Exception {
        for (int round = 0; round < 20; round++) {
            long key = round;
            try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
                List<Future<Boolean>> won = IntStream.range(0, 4)
                        .mapToObj(i -> threads.submit(() -> store.putIfAbsent("race", key, bytes("" + i))))
                        .toList();
                int winners = 0;
                for (Future<Boolean> f : won) {
                    winners += f.get() ? 1 : 0;
                }
                assertThat(winners).isEqualTo(1);
            }
        }
    }
}
