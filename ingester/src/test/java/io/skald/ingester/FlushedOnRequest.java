/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester;

import io.skald.ingester.wal.SyncMode;
import java.nio.file.Path;
import java.time.Duration;

/** Settings of an ingester in tests: syncs each push, keeps nothing that is flushed, and flushes when it is told to. */
final class FlushedOnRequest {
    private FlushedOnRequest() {}

    static IngesterConfig config(Path dataDir, int walSegmentBytes, long diskReserveBytes) {
        return new IngesterConfig(
                dataDir,
                "i",
                SyncMode.ALWAYS,
                Duration.ofMillis(5),
                walSegmentBytes,
                1 << 30,
                Duration.ofHours(1),
                Duration.ZERO,
                diskReserveBytes,
                1 << 20,
                1 << 20,
                true);
    }
}
