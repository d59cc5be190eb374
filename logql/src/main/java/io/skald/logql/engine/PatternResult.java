/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.engine;

import io.skald.core.scan.ScanStats;
import java.util.List;

/**
 * The patterns of lines, with what was read for them and what the caller should be told.
 *
 * @param patterns those with the most lines first
 */
public record PatternResult(List<Pattern> patterns, ScanStats stats, List<String> warnings) {
    public PatternResult {
        patterns = List.copyOf(patterns);
        warnings = List.copyOf(warnings);
    }

    /**
     * One pattern of lines of one level.
     *
     * @param pattern text in which {@code <_>} stands for what varies; {@code <_>} alone holds the lines that match no pattern
     * @param level the lines' {@code detected_level}, {@code unknown} without one
     * @param stepNanos beginnings of the steps that have lines, ascending
     * @param counts lines in each; parallel, the caller must not change either
     */
    public record Pattern(String pattern, String level, long[] stepNanos, long[] counts) {
        /** All lines. */
        public long total() {
            long n = 0;
            for (long c : counts) {
                n += c;
            }
            return n;
        }
    }
}
