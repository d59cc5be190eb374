/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent;

import java.nio.file.Path;
import java.time.Duration;

/**
 * How an agent collects and keeps what it sends.
 *
 * @param dataDir where outbox, positions and refused pushes are; only one process may use it
 * @param batchBytes about how many bytes of lines are sent at once
 * @param batchWait how long a line waits for others at most
 * @param maxSpoolBytes about the most bytes of the outbox on disk
 * @param dropWhenFull whether lines go when the outbox is full, least important levels first; otherwise reading waits
 * @param maxRejectedBytes most bytes of refused pushes that are kept
 * @param scanInterval how often files are looked for, besides being told of them
 * @param levelJsonDepth how deep in a line of JSON a level is looked for
 */
public record AgentSettings(
        Path dataDir,
        int batchBytes,
        Duration batchWait,
        long maxSpoolBytes,
        boolean dropWhenFull,
        long maxRejectedBytes,
        Duration scanInterval,
        int levelJsonDepth) {
    /** A batch is at least this large. */
    static final int MIN_BATCH_BYTES = 1024;

    public AgentSettings {
        if (scanInterval.isNegative() || scanInterval.isZero()) {
            throw new IllegalArgumentException("scan interval must be positive: " + scanInterval);
        }
        if (batchBytes < MIN_BATCH_BYTES) {
            throw new IllegalArgumentException("batches are at least " + MIN_BATCH_BYTES + " bytes: " + batchBytes);
        }
        if (maxSpoolBytes < batchBytes) {
            throw new IllegalArgumentException(
                    "the outbox must have room for a batch of " + batchBytes + " bytes: " + maxSpoolBytes);
        }
    }

    /** The usual: batches of 1 MiB or of what came in a second, an outbox of up to 4 GiB, which holds half an hour of 83,000 lines a second, new files found within ten seconds if nobody tells. */
    public static AgentSettings of(Path dataDir) {
        return new AgentSettings(
                dataDir, 1 << 20, Duration.ofSeconds(1), 4L << 30, false, 256L << 20, Duration.ofSeconds(10), 2);
    }

    public AgentSettings withBatch(int bytes, Duration wait) {
        return new AgentSettings(
                dataDir, bytes, wait, maxSpoolBytes, dropWhenFull, maxRejectedBytes, scanInterval, levelJsonDepth);
    }

    public AgentSettings withScanInterval(Duration interval) {
        return new AgentSettings(
                dataDir,
                batchBytes,
                batchWait,
                maxSpoolBytes,
                dropWhenFull,
                maxRejectedBytes,
                interval,
                levelJsonDepth);
    }

    public AgentSettings withSpool(long maxBytes, boolean drop) {
        return new AgentSettings(
                dataDir, batchBytes, batchWait, maxBytes, drop, maxRejectedBytes, scanInterval, levelJsonDepth);
    }
}
