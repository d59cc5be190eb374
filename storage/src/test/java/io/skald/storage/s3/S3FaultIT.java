/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.s3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.prometheus.client.CollectorRegistry;
import io.skald.core.config.S3Settings;
import io.skald.core.model.StoreException;
import io.skald.storage.FaultyHttp;
import io.skald.storage.FaultyHttp.Kind;
import io.skald.storage.LocalS3;
import io.skald.storage.SegmentStore;
import io.skald.storage.StoreMetrics;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The service fails, is slow, loses answers: what is written is there once and whole, what is read is what was written. */
class S3FaultIT {
    private static final int ATTEMPTS = 3;
    private static final Duration PATIENCE = Duration.ofMillis(400);

    @TempDir
    private static Path directory;

    private static LocalS3 server;
    private static FaultyHttp faults;
    private static SegmentStore store;
    private static CollectorRegistry registry;
    private static int objects;

    @BeforeAll
    static void start() throws Exception {
        server = LocalS3.start(directory);
        LocalS3.bucket(directory, "bucket");
        faults = FaultyHttp.before(server.endpoint(), PATIENCE.multipliedBy(2));
        registry = new CollectorRegistry();
        S3Settings s = LocalS3.settings(faults.endpoint(), "bucket", "");
        store = S3SegmentStore.open(
                new S3Settings(
                        "bucket",
                        "",
                        s.region(),
                        s.endpoint(),
                        true,
                        s.encryption(),
                        "",
                        "",
                        5 << 20,
                        PATIENCE,
                        ATTEMPTS),
                new StoreMetrics(registry));
    }

    @AfterAll
    static void stop() throws Exception {
        store.close();
        faults.close();
        server.close();
    }

    private static byte[] content(int size) {
        byte[] b = new byte[size];
        new Random(size).nextBytes(b);
        return b;
    }

    private static void put(String key, byte[] content) throws StoreException {
        try (SegmentStore.Output out = store.create(key)) {
            out.write(content, 0, content.length);
            out.commit();
        }
    }

    private static String key() {
        return "t/d/" + objects++ + ".seg";
    }

    @ParameterizedTest
    @EnumSource(names = {"ERROR_500", "SLOW_DOWN", "LOST"})
    void aWriteIsRepeatedAndDoneOnce(Kind kind) throws Exception {
        String key = key();
        byte[] content = content(3000);
        faults.next(2, kind, r -> r.method().equals("PUT"));
        put(key, content);
        assertThat(faults.left()).isZero();
        assertThat(store.read(key, 0, content.length)).isEqualTo(content);
        assertThatThrownBy(() -> put(key, content)).hasMessageContaining("exists already");
    }

    /** All answers of a write are lost, and it is found to be done. */
    @ParameterizedTest
    @EnumSource(names = {"LATE", "LOST"})
    void aWriteThatIsNeverAnsweredIsFound(Kind kind) throws Exception {
        String key = key();
        faults.next(ATTEMPTS, kind, r -> r.method().equals("PUT"));
        put(key, content(2000));
        assertThat(store.size(key)).isEqualTo(2000);
    }

    @ParameterizedTest
    @EnumSource(names = {"ERROR_500", "LOST"})
    void partsAreRepeated(Kind kind) throws Exception {
        String key = key();
        byte[] content = content((5 << 20) + 100);
        faults.next(2, kind, r -> r.method().equals("PUT") || r.method().equals("POST"));
        put(key, content);
        assertThat(store.read(key, 0, content.length)).isEqualTo(content);
        String other = key();
        // the parts are put together, that is not answered, and it cannot be done twice
        AtomicInteger posts = new AtomicInteger();
        faults.next(1, kind, r -> r.method().equals("POST") && posts.incrementAndGet() == 2);
        put(other, content);
        assertThat(store.read(other, 0, content.length)).isEqualTo(content);
    }

    @ParameterizedTest
    @EnumSource(names = {"ERROR_500", "SLOW_DOWN", "LATE", "LOST", "TRUNCATED"})
    void aReadIsRepeated(Kind kind) throws Exception {
        String key = key();
        byte[] content = content(50_000);
        put(key, content);
        faults.next(2, kind, r -> r.method().equals("GET"));
        assertThat(store.read(key, 1000, 40_000)).isEqualTo(java.util.Arrays.copyOfRange(content, 1000, 41_000));
        assertThat(faults.left()).isZero();
    }

    @Test
    void anOutageIsTold() throws Exception {
        String key = key();
        put(key, content(10));
        faults.next(Integer.MAX_VALUE, Kind.ERROR_500, r -> true);
        try {
            assertThatThrownBy(() -> store.read(key, 0, 10)).isInstanceOf(StoreException.Unavailable.class);
            assertThatThrownBy(() -> put(key(), content(10))).isInstanceOf(StoreException.Unavailable.class);
            faults.next(Integer.MAX_VALUE, Kind.SLOW_DOWN, r -> true);
            assertThatThrownBy(() -> store.read(key, 0, 10)).isInstanceOf(StoreException.Throttled.class);
        } finally {
            faults.next(0, Kind.ERROR_500, r -> true);
        }
        assertThat(store.read(key, 0, 10)).isEqualTo(content(10));
        assertThat(count("skald_storage_throttles_total")).isGreaterThanOrEqualTo(ATTEMPTS);
        assertThat(count("skald_storage_retries_total")).isGreaterThanOrEqualTo(2 * (ATTEMPTS - 1));
    }

    private static double count(String metric) {
        Double v =
                registry.getSampleValue(metric, new String[] {"store", "operation"}, new String[] {"s3", "GetObject"});
        return v == null ? 0 : v;
    }
}
