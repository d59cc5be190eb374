/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.engine;

import io.skald.core.scan.Scan;
import io.skald.core.scan.ScanStats;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Sums up what the scans of one query read and warned of. Confined to the thread that runs the query. */
final class ScanTotals {
    private final ScanStats stats = new ScanStats();
    private final Set<String> warnings = new LinkedHashSet<>();

    /** Adds a scan that will not read any more. */
    void add(Scan scan) {
        ScanStats s = scan.stats();
        stats.add(s);
        warnings.addAll(scan.warnings());
    }

    /** Adds entries that the stages let through, and those that were counted without being read. */
    void addLines(long matched, long counted) {
        stats.matchedLines.add(matched);
        stats.countedLines.add(counted);
    }

    ScanStats stats() {
        return stats;
    }

    List<String> warnings() {
        return List.copyOf(warnings);
    }
}
