/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.skald.core.model.StoreException;
import io.skald.storage.IndexStore;
import io.skald.storage.SegmentStore;
import io.skald.storage.file.FileSegmentStore;
import io.skald.storage.rocksdb.RocksIndexStore;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedBackupTest extends BackupContract {
    @TempDir
    private Path dir;

    private int stores;

    @Override
    protected IndexStore index() throws StoreException {
        return RocksIndexStore.open(dir.resolve("index" + stores++));
    }

    @Override
    protected SegmentStore objects() throws StoreException {
        return FileSegmentStore.open(dir.resolve("objects" + stores++));
    }

    /** Of a database that another has open: all that was written before a read began, and no writing. */
    @Test
    void aFollowerSeesWhatTheOwnerWrote() throws Exception {
        Path index = dir.resolve("followed");
        try (RocksIndexStore owner = RocksIndexStore.open(index)) {
            for (int i = 0; i < 50; i++) {
                owner.putIfAbsent("p/log", i, new byte[100]);
            }
            try (RocksIndexStore follower = RocksIndexStore.follow(index)) {
                assertThat(follower.read("p/log", 0, 1000)).hasSize(50);
                owner.deleteBefore("p/log", 20);
                owner.compareAndPut("p/log", 30, new byte[100], new byte[] {1});
                owner.putIfAbsent("q/log", 1, new byte[] {2});
                assertThat(follower.read("p/log", 0, 1000)).hasSize(30);
                assertThat(follower.get("p/log", 30)).containsExactly(1);
                assertThat(follower.partitions("")).containsExactly("p/log", "q/log");
                assertThatThrownBy(() -> follower.putIfAbsent("q/log", 2, new byte[1]))
                        .isInstanceOf(StoreException.class)
                        .hasMessageContaining("for reading only");
                assertThatThrownBy(() -> follower.deleteBefore("q/log", 2)).isInstanceOf(StoreException.class);
            }
        }
        try (RocksIndexStore alone = RocksIndexStore.follow(index)) {
            assertThat(alone.get("q/log", 1)).containsExactly(2);
        }
        assertThatThrownBy(() -> RocksIndexStore.follow(dir.resolve("nothing")))
                .hasMessage("no index in " + dir.resolve("nothing"));
    }
}
