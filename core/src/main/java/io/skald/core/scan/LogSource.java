/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.scan;

import io.skald.core.model.Labels;
import io.skald.core.model.Matcher;
import io.skald.core.model.StoreException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Whatever holds one tenant's entries (or those of several, with a label that says whose they are). Every call sees one consistent state:
 * every entry acknowledged before the call, each exactly once. Thread-safe.
 */
public interface LogSource {
    /** Opens the streams with entries in the request's range. */
    Scan open(ScanRequest request) throws StoreException;

    /**
     * The streams that may have entries in a range.
     *
     * @param matchers conditions on stream labels; empty selects all
     * @return sorted by labels, each once
     */
    Found<Labels> series(List<Matcher> matchers, long startNanos, long endNanos) throws StoreException;

    /**
     * The same with counts, which are exact where a chunk lies within the range, and interpolated by time where it crosses an end. Parts of
     * a stream are added up as they are held: entries that two of them share collapse in queries, but count twice here until a compaction
     * brings the parts together.
     */
    Found<StreamStats> streamStats(List<Matcher> matchers, long startNanos, long endNanos) throws StoreException;

    /**
     * The same for each of some ranges that follow one another.
     *
     * @param bounds ascending; a range begins at each but the last, inclusive, and ends at the next, exclusive
     * @return what {@link #streamStats(List, long, long)} gives for each range, in their order
     */
    default Found<List<StreamStats>> streamStats(List<Matcher> matchers, long[] bounds) throws StoreException {
        List<List<StreamStats>> all = new ArrayList<>();
        Set<String> warnings = new LinkedHashSet<>();
        for (int i = 0; i + 1 < bounds.length; i++) {
            Found<StreamStats> found = streamStats(matchers, bounds[i], bounds[i + 1]);
            all.add(found.items());
            warnings.addAll(found.warnings());
        }
        return new Found<>(all, List.copyOf(warnings));
    }

    /** What {@link #open} would look at, as far as the source can tell without reading entries. */
    default ScanPlan plan(ScanRequest request) throws StoreException {
        long chunks = 0;
        long bytes = 0;
        for (StreamStats s : streamStats(request.matchers(), request.startNanos(), request.endNanos())
                .items()) {
            chunks += s.chunks();
            bytes += s.bytes();
        }
        return new ScanPlan(0, 0, chunks, 0, 0, 0, 0, bytes, 0, 0);
    }

    /**
     * What entries have in common, as far as the source knows; a source that knows nothing gives the entries.
     *
     * @param startNanos first time wanted, inclusive
     * @param endNanos end of the time wanted, exclusive
     */
    default PatternScan patterns(List<Matcher> matchers, long startNanos, long endNanos) throws StoreException {
        return PatternScan.ofLines(open(new ScanRequest(
                matchers, startNanos, endNanos, Direction.FORWARD, ScanRequest.Columns.ALL, List.of())));
    }

    /**
     * What was found, with what the caller should be told, such as an ingester that did not answer.
     *
     * @param items sorted by labels, each label set once
     */
    record Found<T>(List<T> items, List<String> warnings) {
        public Found {
            items = List.copyOf(items);
            warnings = List.copyOf(warnings);
        }
    }

    /**
     * Size of one stream within a range.
     *
     * @param chunks parts that hold it
     * @param entries lines
     * @param bytes line bytes, uncompressed
     */
    record StreamStats(Labels labels, long chunks, long entries, long bytes) {}
}
