/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.s3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.prometheus.client.CollectorRegistry;
import io.skald.core.config.S3Settings;
import io.skald.core.model.StoreException;
import io.skald.storage.LocalS3;
import io.skald.storage.SegmentStore;
import io.skald.storage.SegmentStoreContract;
import io.skald.storage.StoreMetrics;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class S3SegmentStoreIT extends SegmentStoreContract {
    @TempDir
    private static Path directory;

    private static LocalS3 server;
    private static int buckets;

    @BeforeAll
    static void start() throws Exception {
        server = LocalS3.start(directory);
    }

    @AfterAll
    static void stop() throws Exception {
        server.close();
    }

    private static String bucket() throws Exception {
        String name = "bucket-" + buckets++;
        LocalS3.bucket(directory, name);
        return name;
    }

    @Override
    protected SegmentStore open() throws Exception {
        return S3SegmentStore.open(
                LocalS3.settings(server.endpoint(), bucket(), "skald/"), new StoreMetrics(new CollectorRegistry()));
    }

    @Test
    void largeObjectsGoInPartsAndAreReadByRange() throws Exception {
        CollectorRegistry registry = new CollectorRegistry();
        S3Settings s = LocalS3.settings(server.endpoint(), bucket(), "");
        S3Settings small = new S3Settings(
                s.bucket(),
                "",
                s.region(),
                s.endpoint(),
                true,
                s.encryption(),
                "",
                "",
                5 << 20,
                Duration.ofSeconds(10),
                3);
        byte[] content = new byte[(11 << 20) + 7];
        new Random(4).nextBytes(content);
        try (SegmentStore store = S3SegmentStore.open(small, new StoreMetrics(registry))) {
            try (SegmentStore.Output out = store.create("t/d/big.seg")) {
                for (int i = 0; i < content.length; i += 100_000) {
                    out.write(content, i, Math.min(100_000, content.length - i));
                }
                assertThat(store.list("")).isEmpty();
                out.commit();
            }
            assertThat(store.size("t/d/big.seg")).isEqualTo(content.length);
            assertThat(store.read("t/d/big.seg", (5 << 20) - 3, 9))
                    .isEqualTo(java.util.Arrays.copyOfRange(content, (5 << 20) - 3, (5 << 20) + 6));
            assertThat(store.read("t/d/big.seg", 0, content.length)).isEqualTo(content);
            try (SegmentStore.Output given = store.create("t/d/given-up.seg")) {
                given.write(content, 0, content.length);
            }
            assertThat(store.list("")).containsExactly("t/d/big.seg");
        }
        assertThat(registry.getSampleValue(
                        "skald_storage_calls_total",
                        new String[] {"store", "operation", "outcome"},
                        new String[] {"s3", "UploadPart", "success"}))
                .isEqualTo(5);
        assertThat(registry.getSampleValue(
                        "skald_storage_bytes_total",
                        new String[] {"store", "operation", "direction"},
                        new String[] {"s3", "GetObject", "received"}))
                .isEqualTo(9.0 + content.length);
    }

    @Test
    void aBucketThatIsNotThereIsNamedAtTheStart() {
        S3Settings s = LocalS3.settings(server.endpoint(), "not-there", "");
        assertThatThrownBy(() -> S3SegmentStore.open(s, new StoreMetrics(new CollectorRegistry())))
                .isInstanceOf(StoreException.class)
                .hasMessage("S3 bucket 'not-there' at " + server.endpoint() + " does not exist");
    }
}
