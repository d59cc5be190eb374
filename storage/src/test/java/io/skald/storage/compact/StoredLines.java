/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.compact;

import io.skald.core.model.Labels;
import io.skald.core.model.StoreException;
import io.skald.core.scan.Direction;
import io.skald.core.scan.EntryCursor;
import io.skald.core.scan.EntryFilter;
import io.skald.core.scan.FilteredStream;
import io.skald.core.scan.MergedStream;
import io.skald.core.scan.ScanRequest;
import io.skald.core.scan.ScanStats;
import io.skald.core.scan.StreamScan;
import io.skald.storage.SegmentStore;
import io.skald.storage.index.DeletedEntries;
import io.skald.storage.index.Deletion;
import io.skald.storage.index.IndexVersion;
import io.skald.storage.segment.LabelSelector;
import io.skald.storage.segment.SegmentReader;
import io.skald.storage.segment.SegmentReaders;
import io.skald.storage.segment.SegmentRef;
import io.skald.storage.segment.SegmentScan;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/** What a reader of a version sees: {@code app time line}, by stream, then time. */
final class StoredLines {
    private StoredLines() {}

    static List<String> of(SegmentStore store, IndexVersion version, Function<String, EntryFilter> filters)
            throws StoreException {
        ScanRequest all = new ScanRequest(
                List.of(), Long.MIN_VALUE, Long.MAX_VALUE, Direction.FORWARD, ScanRequest.Columns.ALL, List.of());
        SegmentScan scan = new SegmentScan(all, new ScanStats(), lost -> {
            throw new AssertionError(lost);
        });
        SegmentReaders readers = new SegmentReaders(store);
        Map<Labels, List<StreamScan>> streams = new TreeMap<>();
        for (SegmentRef ref : version.segments()) {
            List<DeletedEntries> without = new ArrayList<>();
            for (Deletion d : version.deletions(ref)) {
                without.add(new DeletedEntries(d, filters.apply(d.request().query())));
            }
            for (SegmentReader.Chunk c :
                    readers.get(ref).chunks(new LabelSelector(List.of()), Long.MIN_VALUE, Long.MAX_VALUE)) {
                streams.computeIfAbsent(c.labels(), l -> new ArrayList<>())
                        .add(FilteredStream.of(c.scan(scan), without));
            }
        }
        List<String> lines = new ArrayList<>();
        for (Map.Entry<Labels, List<StreamScan>> e : streams.entrySet()) {
            try (EntryCursor c =
                    new MergedStream(e.getKey(), e.getValue(), Direction.FORWARD, new ScanStats()).open()) {
                while (c.next()) {
                    lines.add(e.getKey().get("app") + " " + c.timestampNanos() + " "
                            + new String(c.buffer(), c.offset(), c.length(), StandardCharsets.UTF_8));
                }
            }
        }
        return lines;
    }
}
