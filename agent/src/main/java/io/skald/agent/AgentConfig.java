/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent;

import io.skald.core.model.Labels;
import io.skald.core.model.TenantId;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * What an agent follows and how.
 *
 * @param globs patterns of the files to follow, relative to the working directory or absolute; {@code *}, {@code ?}, {@code [a-z]},
 *     {@code {a,b}} match within a name, {@code **} across directories
 * @param dataDir where the agent keeps its outbox and its positions; it takes the sub-directory {@code agent}, and only one process may use it
 * @param tenant whose lines they are
 * @param labels labels of every stream besides {@code filename} and {@code stream}
 * @param scanInterval how often the globs are looked through for new files
 * @param maxBatchBytes about how many bytes of lines are pushed at once
 * @param maxPendingBatches how many batches may be read ahead of the last acknowledgement; bounds memory, and usually the outbox
 * @param maxOutboxBytes about the most bytes of the outbox on disk; it holds more than is pending when the positions cannot be saved. Reading stops
 *     there until it is less; files wait, and nothing is dropped
 */
public record AgentConfig(
        List<String> globs,
        Path dataDir,
        TenantId tenant,
        Labels labels,
        Duration scanInterval,
        int maxBatchBytes,
        int maxPendingBatches,
        long maxOutboxBytes) {

    /** A batch is at least this large, so that a line of the usual limit fits. */
    static final int MIN_BATCH_BYTES = 1024;

    public AgentConfig {
        globs = List.copyOf(globs);
        if (globs.isEmpty()) {
            throw new IllegalArgumentException("no glob to follow");
        }
        if (scanInterval.isNegative() || scanInterval.isZero()) {
            throw new IllegalArgumentException("scan interval must be positive: " + scanInterval);
        }
        if (maxBatchBytes < MIN_BATCH_BYTES) {
            throw new IllegalArgumentException("batches are at least " + MIN_BATCH_BYTES + " bytes: " + maxBatchBytes);
        }
        if (maxOutboxBytes < maxBatchBytes) {
            throw new IllegalArgumentException(
                    "the outbox must have room for a batch of " + maxBatchBytes + " bytes: " + maxOutboxBytes);
        }
        if (maxPendingBatches < 1) {
            throw new IllegalArgumentException("at least one batch must be allowed to wait: " + maxPendingBatches);
        }
    }

    /** The usual: new files are found within a second, batches of up to 1 MiB, up to 8 of them waiting, an outbox of up to 256 MiB. */
    public static AgentConfig of(List<String> globs, Path dataDir, TenantId tenant) {
        return new AgentConfig(globs, dataDir, tenant, Labels.EMPTY, Duration.ofSeconds(1), 1 << 20, 8, 256L << 20);
    }
}
