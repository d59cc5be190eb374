/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.index;

import io.skald.core.model.Labels;
import io.skald.core.scan.EntryCursor;
import io.skald.core.scan.EntryFilter;
import io.skald.core.scan.Requirement;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** The entries that a delete request means, counted as they are met. Thread-safe. */
public final class DeletedEntries implements EntryFilter {
    private final Deletion deletion;
    private final EntryFilter query;
    private final LongAdder lines = new LongAdder();
    private final LongAdder bytes = new LongAdder();

    /** @param query the entries that the request's query selects, whatever their times */
    public DeletedEntries(Deletion deletion, EntryFilter query) {
        this.deletion = deletion;
        this.query = query;
    }

    public Deletion deletion() {
        return deletion;
    }

    /** What was met so far. */
    public LogRecord.Applied applied() {
        return new LogRecord.Applied(deletion.n(), lines.sum(), bytes.sum());
    }

    @Override
    public List<Requirement> requirements() {
        return query.requirements();
    }

    @Override
    public @Nullable Entries forStream(Labels stream) {
        Entries selected = query.forStream(stream);
        return selected == null ? null : at -> match(selected, at);
    }

    private boolean match(Entries selected, EntryCursor at) {
        long t = at.timestampNanos();
        DeleteRequest r = deletion.request();
        if (t < r.startNanos() || t > r.endNanos() || !selected.match(at)) {
            return false;
        }
        lines.increment();
        bytes.add(at.length());
        return true;
    }
}
