/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.scan;

import io.skald.core.model.StoreException;
import java.util.ArrayList;
import java.util.List;

/** A stream without certain entries. */
public final class FilteredStream extends ForwardingStream {
    private final List<EntryFilter> without;

    private FilteredStream(StreamScan stream, List<EntryFilter> without) {
        super(stream);
        this.without = List.copyOf(without);
    }

    /**
     * The stream without all entries that any of the filters means; the stream itself if they mean none of it.
     *
     * @param stream its cursors must give all columns
     */
    public static StreamScan of(StreamScan stream, List<? extends EntryFilter> filters) {
        List<EntryFilter> bound = new ArrayList<>();
        for (EntryFilter f : filters) {
            if (f.forStream(stream.labels()) != null) {
                bound.add(f);
            }
        }
        return bound.isEmpty() ? stream : new FilteredStream(stream, bound);
    }

    @Override
    public List<StreamScan> pieces() {
        List<StreamScan> pieces = new ArrayList<>();
        for (StreamScan p : stream.pieces()) {
            pieces.add(new FilteredStream(p, without));
        }
        return pieces;
    }

    @Override
    public EntryCursor open() throws StoreException {
        // bound here, as what is bound belongs to one thread
        List<EntryFilter.Entries> entries = new ArrayList<>(without.size());
        for (EntryFilter f : without) {
            EntryFilter.Entries e = f.forStream(stream.labels());
            if (e != null) {
                entries.add(e);
            }
        }
        return new FilteredCursor(stream.open(), at -> kept(entries, at));
    }

    private static boolean kept(List<EntryFilter.Entries> without, EntryCursor at) {
        for (EntryFilter.Entries e : without) {
            if (e.match(at)) {
                return false;
            }
        }
        return true;
    }
}
