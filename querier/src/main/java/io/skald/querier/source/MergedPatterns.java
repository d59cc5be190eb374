/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.source;

import io.skald.core.scan.PatternScan;
import io.skald.core.scan.Scan;
import io.skald.core.scan.ScanStats;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Streams with their patterns, from scans that are closed with this and count and warn on its behalf. */
final class MergedPatterns implements PatternScan {
    private final List<Stream> streams;
    private final List<PatternScan> owned;

    /** Keeps both lists: the caller may fill them until it gives this away. */
    MergedPatterns(List<Stream> streams, List<PatternScan> owned) {
        this.streams = streams;
        this.owned = owned;
    }

    MergedPatterns(List<Stream> streams, Scan scan) {
        this(streams, List.of(PatternScan.ofLines(scan)));
    }

    @Override
    public List<Stream> streams() {
        return streams;
    }

    @Override
    public ScanStats stats() {
        ScanStats sum = new ScanStats();
        owned.forEach(o -> sum.add(o.stats()));
        return sum;
    }

    @Override
    public List<String> warnings() {
        Set<String> all = new LinkedHashSet<>();
        owned.forEach(o -> all.addAll(o.warnings()));
        return List.copyOf(all);
    }

    @Override
    public void close() {
        owned.reversed().forEach(PatternScan::close);
    }
}
