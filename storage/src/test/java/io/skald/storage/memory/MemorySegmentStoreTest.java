/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.memory;

import io.skald.storage.SegmentStore;
import io.skald.storage.SegmentStoreContract;

class MemorySegmentStoreTest extends SegmentStoreContract {
    @Override
    protected SegmentStore open() {
        return new MemorySegmentStore();
    }
}
