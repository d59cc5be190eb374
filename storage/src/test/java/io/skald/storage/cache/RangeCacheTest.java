/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.prometheus.client.CollectorRegistry;
import io.skald.core.model.StoreException;
import io.skald.storage.Faults;
import io.skald.storage.FaultySegmentStore;
import io.skald.storage.SegmentStore;
import io.skald.storage.SegmentStoreContract;
import io.skald.storage.memory.MemorySegmentStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RangeCacheTest extends SegmentStoreContract {
    @TempDir
    private Path dir;

    private final CollectorRegistry registry = new CollectorRegistry();

    @Override
    protected SegmentStore open() throws StoreException {
        return RangeCache.open(new MemorySegmentStore(), dir.resolve("contract"), 1 << 20, new CollectorRegistry());
    }

    private static MemorySegmentStore filled() throws StoreException {
        MemorySegmentStore store = new MemorySegmentStore();
        try (SegmentStore.Output out = store.create("t/d/1.seg")) {
            byte[] b = new byte[10_000];
            for (int i = 0; i < b.length; i++) {
                b[i] = (byte) i;
            }
            out.write(b, 0, b.length);
            out.commit();
        }
        return store;
    }

    private double count(String result) {
        Double v = registry.getSampleValue(
                "skald_storage_cache_requests_total", new String[] {"result"}, new String[] {result});
        return v == null ? 0 : v;
    }

    @Test
    void readsOnceAndAgainAfterARestartOrDamage() throws Exception {
        MemorySegmentStore store = filled();
        RangeCache cache = RangeCache.open(store, dir.resolve("c"), 1 << 20, registry);
        byte[] range = cache.read("t/d/1.seg", 100, 50);
        store.delete("t/d/1.seg");
        assertThat(cache.read("t/d/1.seg", 100, 50)).isEqualTo(range);
        assertThat(count("hit")).isEqualTo(1);
        assertThat(RangeCache.open(store, dir.resolve("c"), 1 << 20, new CollectorRegistry())
                        .read("t/d/1.seg", 100, 50))
                .isEqualTo(range);
        try (Stream<Path> files = Files.list(dir.resolve("c"))) {
            Path file = files.findFirst().orElseThrow();
            byte[] b = Files.readAllBytes(file);
            b[20] ^= 1;
            Files.write(file, b);
        }
        assertThatThrownBy(() -> cache.read("t/d/1.seg", 100, 50)).isInstanceOf(StoreException.NotFound.class);
    }

    @Test
    void whatLiesWithinAKeptRangeIsNotReadAgain() throws Exception {
        MemorySegmentStore store = filled();
        RangeCache cache = RangeCache.open(store, dir.resolve("c"), 1 << 20, registry);
        byte[] range = cache.read("t/d/1.seg", 100, 500);
        assertThat(cache.read("t/d/1.seg", 100, 50)).isEqualTo(Arrays.copyOf(range, 50));
        assertThat(cache.read("t/d/1.seg", 550, 50)).isEqualTo(Arrays.copyOfRange(range, 450, 500));
        assertThat(cache.read("t/d/1.seg", 551, 50)).hasSize(50);
        assertThat(cache.read("t/d/1.seg", 99, 2)).hasSize(2);
        assertThat(count("hit")).isEqualTo(2);
        RangeCache again = RangeCache.open(store, dir.resolve("c"), 1 << 20, new CollectorRegistry());
        store.delete("t/d/1.seg");
        assertThat(again.read("t/d/1.seg", 300, 7)).isEqualTo(Arrays.copyOfRange(range, 200, 207));
    }

    @Test
    void isBounded() throws Exception {
        RangeCache cache = RangeCache.open(filled(), dir.resolve("c"), 16 * 4096, registry);
        for (int i = 0; i < 50; i++) {
            assertThat(cache.read("t/d/1.seg", i * 100L, 100)).hasSize(100);
        }
        assertThat(cache.read("t/d/1.seg", 0, 5000)).as("too large to be kept").hasSize(5000);
        try (Stream<Path> files = Files.list(dir.resolve("c"))) {
            assertThat(files).hasSize(16);
        }
        cache.read("t/d/1.seg", 4900, 100);
        cache.read("t/d/1.seg", 0, 100);
        assertThat(count("hit")).isEqualTo(1);
        assertThat(registry.getSampleValue("skald_storage_cache_bytes")).isEqualTo(16 * 4096);
    }

    @Test
    void whatManyAskForAtOnceIsReadOnce() throws Exception {
        Faults slow = new Faults(Faults.Kind.DELAY, 0);
        RangeCache cache = RangeCache.open(new FaultySegmentStore(filled(), slow), dir.resolve("c"), 1 << 20, registry);
        List<Future<byte[]>> all = new ArrayList<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < 20; i++) {
                all.add(threads.submit(() -> cache.read("t/d/1.seg", 0, 10)));
            }
            while (count("miss") + count("shared") < 20) {
                Thread.onSpinWait();
            }
            slow.release();
            for (Future<byte[]> f : all) {
                assertThat(f.get()).hasSize(10);
            }
        }
        assertThat(count("miss")).isEqualTo(1);
    }

    /** A failed read is nobody's answer but of those who waited for it. */
    @Test
    void failuresAreNotKept() throws Exception {
        Faults once = new Faults(Faults.Kind.ERROR, 0);
        RangeCache cache = RangeCache.open(new FaultySegmentStore(filled(), once), dir.resolve("c"), 1 << 20, registry);
        assertThatThrownBy(() -> cache.read("t/d/1.seg", 0, 10)).isInstanceOf(StoreException.Unavailable.class);
        assertThat(cache.read("t/d/1.seg", 0, 10)).hasSize(10);
    }
}
