/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.skald.core.model.StoreException;
import io.skald.storage.SegmentStore;
import io.skald.storage.SegmentStoreContract;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileSegmentStoreTest extends SegmentStoreContract {
    @TempDir
    Path directory;

    @Override
    protected SegmentStore open() throws StoreException {
        return FileSegmentStore.open(directory);
    }

    @Test
    void leftoversOfACrashAreRemoved() throws Exception {
        Files.write(directory.resolve("tmp").resolve("torn.seg"), new byte[10]);
        try (SegmentStore s = FileSegmentStore.open(directory)) {
            assertThat(directory.resolve("tmp")).isEmptyDirectory();
            assertThat(s.list("")).isEmpty();
        }
    }

    @Test
    void noKeyLeadsOutOfTheDirectory() throws Exception {
        try (SegmentStore s = FileSegmentStore.open(directory)) {
            assertThatThrownBy(() -> s.read("../x", 0, 1)).isInstanceOf(StoreException.class);
            assertThatThrownBy(() -> s.create("/etc/x")).isInstanceOf(StoreException.class);
        }
    }
}
