/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.scan;

import io.skald.core.model.Labels;
import io.skald.core.model.StoreException;
import io.skald.core.pattern.PatternMiner;
import java.util.List;
import java.util.function.Function;

/**
 * What the entries of selected streams have in common: as it was mined when they were stored, and for the rest the entries. Mined parts and
 * lines together hold each entry once. Ready to be read by several threads (each stream by one at a time); holds resources of the source
 * until it is closed.
 */
public interface PatternScan extends AutoCloseable {
    /** The selected streams, each label set once, sorted by labels. */
    List<Stream> streams();

    /** What was read so far on behalf of this scan. */
    ScanStats stats();

    /** What the caller should be told, such as an ingester that did not answer. */
    List<String> warnings();

    @Override
    void close();

    /**
     * One stream.
     *
     * @param mined parts of which the patterns are known
     * @param lines the entries of the others, to be mined now
     */
    record Stream(Labels labels, List<Mined> mined, List<StreamScan> lines) {
        public Stream {
            mined = List.copyOf(mined);
            lines = List.copyOf(lines);
        }
    }

    /** A part of a stream of which the patterns are known. */
    interface Mined {
        /**
         * Adds the patterns to what miners have.
         *
         * @param miners gives the miner for lines of a {@code detected_level}, which is empty for those without one
         * @param stepNanos length of the steps that lines are counted by; at least a bucket of {@link
         *     io.skald.core.pattern.ChunkPatterns}
         * @return false if they cannot be read; nothing was added then, and {@link #lines} are to be mined
         */
        boolean addTo(Function<String, PatternMiner> miners, long stepNanos) throws StoreException;

        /** The entries of this part. */
        List<StreamScan> lines();
    }

    /** A scan as one of which nothing is known but the lines. Closes it with this. */
    static PatternScan ofLines(Scan scan) {
        return new PatternScan() {
            @Override
            public List<Stream> streams() {
                return scan.streams().stream()
                        .map(s -> new Stream(s.labels(), List.of(), List.of(s)))
                        .toList();
            }

            @Override
            public ScanStats stats() {
                return scan.stats();
            }

            @Override
            public List<String> warnings() {
                return scan.warnings();
            }

            @Override
            public void close() {
                scan.close();
            }
        };
    }
}
