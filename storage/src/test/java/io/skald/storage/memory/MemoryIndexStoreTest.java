/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.memory;

import io.skald.storage.IndexStore;
import io.skald.storage.IndexStoreContract;

class MemoryIndexStoreTest extends IndexStoreContract {
    @Override
    protected IndexStore open() {
        return new MemoryIndexStore();
    }
}
