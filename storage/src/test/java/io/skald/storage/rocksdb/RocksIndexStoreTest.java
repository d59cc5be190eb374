/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.rocksdb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.skald.core.model.StoreException;
import io.skald.storage.IndexStore;
import io.skald.storage.IndexStoreContract;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RocksIndexStoreTest extends IndexStoreContract {
    @TempDir
    Path directory;

    @Override
    protected IndexStore open() throws StoreException {
        return RocksIndexStore.open(directory.resolve("contract"));
    }

    @Test
    void keepsWhatWasWrittenAndRefusesAfterClose() throws StoreException {
        Path d = directory.resolve("again");
        RocksIndexStore first = RocksIndexStore.open(d);
        first.putIfAbsent("p", 1, new byte[] {5});
        first.close();
        assertThatThrownBy(() -> first.get("p", 1)).isInstanceOf(StoreException.Unavailable.class);
        try (RocksIndexStore second = RocksIndexStore.open(d)) {
            assertThat(second.get("p", 1)).containsExactly(5);
            assertThatThrownBy(() -> RocksIndexStore.open(d)).isInstanceOf(StoreException.Unavailable.class);
        }
    }
}
