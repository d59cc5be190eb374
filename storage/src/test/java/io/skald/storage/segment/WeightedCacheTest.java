/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.segment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.skald.core.model.StoreException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class WeightedCacheTest {
    @Test
    void whatManyAskForAtOnceIsMadeOnce() throws Exception {
        WeightedCache<String> cache = new WeightedCache<>(100, String::length);
        AtomicInteger made = new AtomicInteger();
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            WeightedCache.Loader<String> loader = () -> {
                begun.countDown();
                await(go);
                return "part " + made.incrementAndGet();
            };
            List<Future<String>> all = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                all.add(threads.submit(() -> cache.get("a", 1, loader)));
            }
            await(begun);
            go.countDown();
            for (Future<String> f : all) {
                assertThat(f.get()).isEqualTo("part 1");
            }
        }
        assertThat(made.get()).isEqualTo(1);
        assertThat(cache.misses()).isEqualTo(1);
        assertThat(cache.hits()).isEqualTo(7);
    }

    @Test
    void whoeverWaitedForOneThatFailedTries() throws Exception {
        WeightedCache<String> cache = new WeightedCache<>(100, String::length);
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<String> first = threads.submit(() -> cache.get("a", 1, () -> {
                begun.countDown();
                await(go);
                throw new StoreException.Unavailable("no", new java.io.IOException("no"));
            }));
            await(begun);
            Future<String> second = threads.submit(() -> cache.get("a", 1, () -> "part"));
            go.countDown();
            assertThatThrownBy(first::get).hasCauseInstanceOf(StoreException.Unavailable.class);
            assertThat(second.get()).isEqualTo("part");
        }
    }

    @Test
    void theLeastRecentlyUsedGoesFirst() throws Exception {
        WeightedCache<String> cache = new WeightedCache<>(10, String::length);
        assertThat(cache.get("a", 1, () -> "12345")).isEqualTo("12345");
        assertThat(cache.get("b", 1, () -> "12345")).isEqualTo("12345");
        assertThat(cache.get("a", 1, () -> "other")).isEqualTo("12345");
        assertThat(cache.get("c", 1, () -> "12345")).isEqualTo("12345");
        assertThat(cache.get("a", 1, () -> "other")).isEqualTo("12345");
        assertThat(cache.get("b", 1, () -> "other")).isEqualTo("other");
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
