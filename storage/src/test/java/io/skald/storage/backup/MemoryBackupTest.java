/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.backup;

import io.skald.storage.IndexStore;
import io.skald.storage.SegmentStore;
import io.skald.storage.memory.MemoryIndexStore;
import io.skald.storage.memory.MemorySegmentStore;

class MemoryBackupTest extends BackupContract {
    @Override
    protected IndexStore index() {
        return new MemoryIndexStore();
    }

    @Override
    protected SegmentStore objects() {
        return new MemorySegmentStore();
    }
}
