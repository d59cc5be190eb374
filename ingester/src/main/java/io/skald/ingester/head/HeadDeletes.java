/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.head;

import io.skald.core.model.Labels;
import io.skald.core.scan.EntryCursor;
import io.skald.core.scan.EntryFilter;
import io.skald.core.scan.Requirement;
import io.skald.core.wire.UnstoredDelete;
import io.skald.logql.pipeline.QueryFilter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;

/** Delete requests over what the head holds. Thread-safe. */
final class HeadDeletes {
    static final HeadDeletes NONE = new HeadDeletes(List.of());

    /** A request with its query ready to be run. */
    record One(UnstoredDelete request, EntryFilter query) {}

    private final List<One> all = new ArrayList<>();
    private final ConcurrentHashMap<Labels, List<One>> byStream = new ConcurrentHashMap<>();

    private HeadDeletes(List<UnstoredDelete> requests) {
        for (UnstoredDelete d : requests) {
            all.add(new One(d, QueryFilter.of(d.query())));
        }
    }

    /** @throws io.skald.core.model.RequestException if a query is none */
    static HeadDeletes of(List<UnstoredDelete> requests) {
        return requests.isEmpty() ? NONE : new HeadDeletes(requests);
    }

    /** Those that may mean entries of a fragment; mostly none. */
    List<One> concerning(Labels stream, FragmentList.Slice fragments, int i) {
        if (all.isEmpty()) {
            return List.of();
        }
        List<One> ofStream = byStream.computeIfAbsent(
                stream,
                s -> all.stream().filter(d -> d.query.forStream(s) != null).toList());
        List<One> found = List.of();
        for (One d : ofStream) {
            if (d.request.concerns(fragments.address(i), fragments.minNanos(i), fragments.maxNanos(i))) {
                found = found.isEmpty() ? new ArrayList<>() : found;
                found.add(d);
            }
        }
        return found;
    }

    /** The rows of a fragment with all columns that a request means. */
    static BitSet rows(One delete, Labels stream, DecodedFragment fragment) {
        BitSet rows = new BitSet();
        EntryFilter.Entries meant = mayMean(delete.query, fragment) ? delete.query.forStream(stream) : null;
        if (meant != null) {
            At at = new At(fragment);
            while (at.next()) {
                long t = at.timestampNanos();
                if (t >= delete.request.startNanos() && t <= delete.request.endNanos() && meant.match(at)) {
                    rows.set(at.row);
                }
            }
        }
        return rows;
    }

    /** Whether the lines of a fragment, as one text, hold what every line that is meant must hold; most do not. */
    private static boolean mayMean(EntryFilter query, DecodedFragment fragment) {
        String lines = null;
        for (Requirement r : query.requirements()) {
            boolean possible = false;
            for (Requirement.Term t : r.anyOf()) {
                if (t instanceof Requirement.Text text && !text.ignoreCase()) {
                    if (lines == null) {
                        lines = fragment.text();
                    }
                    possible |= lines.contains(new String(text.bytes(), StandardCharsets.ISO_8859_1));
                } else {
                    possible = true;
                }
            }
            if (!possible) {
                return false;
            }
        }
        return true;
    }

    /** The rows of a fragment in order of arrival. */
    private static final class At implements EntryCursor {
        private final DecodedFragment fragment;
        private int row = -1;

        At(DecodedFragment fragment) {
            this.fragment = fragment;
        }

        @Override
        public boolean next() {
            return ++row < fragment.size();
        }

        @Override
        public long timestampNanos() {
            return fragment.time(row);
        }

        @Override
        public byte[] buffer() {
            return fragment.buffer();
        }

        @Override
        public int offset() {
            return fragment.offset(row);
        }

        @Override
        public int length() {
            return fragment.length(row);
        }

        @Override
        public Labels metadata() {
            return fragment.metadata(row);
        }

        @Override
        public void close() {}
    }
}
