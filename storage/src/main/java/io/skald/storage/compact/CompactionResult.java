/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.compact;

/**
 * What a compaction did.
 *
 * @param committed whether it holds; if not, others changed the inputs, and nothing was done
 * @param inputs segments that are no more
 * @param outputs segments that came instead: 1, or 0 if nothing was left
 * @param bytesIn size of the inputs
 * @param bytesOut size of the output
 * @param entries log entries in it
 * @param lineBytes bytes of their lines
 * @param duplicates equal entries that collapsed
 * @param deleted entries that were taken out for delete requests
 */
public record CompactionResult(
        boolean committed,
        int inputs,
        int outputs,
        long bytesIn,
        long bytesOut,
        long entries,
        long lineBytes,
        long duplicates,
        long deleted) {
    public static final CompactionResult NOTHING = new CompactionResult(true, 0, 0, 0, 0, 0, 0, 0, 0);

    static final CompactionResult OVERTAKEN = new CompactionResult(false, 0, 0, 0, 0, 0, 0, 0, 0);

    /** Both together. */
    public CompactionResult and(CompactionResult o) {
        return new CompactionResult(
                committed && o.committed,
                inputs + o.inputs,
                outputs + o.outputs,
                bytesIn + o.bytesIn,
                bytesOut + o.bytesOut,
                entries + o.entries,
                lineBytes + o.lineBytes,
                duplicates + o.duplicates,
                deleted + o.deleted);
    }
}
