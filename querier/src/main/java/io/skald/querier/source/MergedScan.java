/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.source;

import io.skald.core.model.Labels;
import io.skald.core.scan.Direction;
import io.skald.core.scan.MergedStream;
import io.skald.core.scan.Scan;
import io.skald.core.scan.ScanStats;
import io.skald.core.scan.StreamScan;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Parts of streams from several places as one scan. Filled by one thread, then read by several. */
final class MergedScan implements Scan {
    private final Direction direction;
    private final ScanStats ownStats = new ScanStats();
    private final TreeMap<Labels, List<StreamScan>> parts = new TreeMap<>();
    private final List<Scan> owned = new ArrayList<>();
    private final Warnings warnings = new Warnings();
    private @Nullable List<StreamScan> streams;

    MergedScan(Direction direction) {
        this.direction = direction;
    }

    ScanStats ownStats() {
        return ownStats;
    }

    /** Adds a part behind those of the same labels that were added before. */
    void add(StreamScan part) {
        parts.computeIfAbsent(part.labels(), l -> new ArrayList<>(1)).add(part);
    }

    boolean isEmpty() {
        return parts.isEmpty();
    }

    /** Closes the scan with this one, and counts and warns on its behalf. */
    void own(Scan scan) {
        owned.add(scan);
    }

    void warn(String message) {
        warnings.add(message);
    }

    @Override
    public synchronized List<StreamScan> streams() {
        List<StreamScan> s = streams;
        if (s == null) {
            s = new ArrayList<>(parts.size());
            for (Map.Entry<Labels, List<StreamScan>> e : parts.entrySet()) {
                List<StreamScan> p = e.getValue();
                s.add(p.size() == 1 ? p.getFirst() : new MergedStream(e.getKey(), p, direction, ownStats));
            }
            streams = Collections.unmodifiableList(s);
        }
        return s;
    }

    @Override
    public ScanStats stats() {
        ScanStats sum = new ScanStats();
        sum.add(ownStats);
        owned.forEach(o -> sum.add(o.stats()));
        return sum;
    }

    @Override
    public List<String> warnings() {
        Set<String> all = new LinkedHashSet<>(warnings.list());
        owned.forEach(o -> all.addAll(o.warnings()));
        return List.copyOf(all);
    }

    @Override
    public void close() {
        for (Scan s : owned.reversed()) {
            s.close();
        }
        owned.clear();
    }
}
