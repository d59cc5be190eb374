/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.compact;

/** The steps of a compaction, between which a crash must leave the old or the new. */
public enum CompactionStep {
    /** The key of the output is noted as possible garbage; nothing is written. */
    NOTED,
    /** Some of the output is written. */
    WRITING,
    /** The output is durable, but no commit knows it. */
    WRITTEN,
    /** The commit holds; the inputs are still there. */
    COMMITTED
}
