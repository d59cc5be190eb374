/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.pipeline;

import com.google.re2j.Pattern;
import io.skald.agent.spool.FileState.Held;
import io.skald.core.model.Labels;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** {@code multiline}: lines up to the next that looks like the first of an entry, stream by stream. */
final class MultilineStage extends Stage {
    private static final int MAX_BYTES = 1 << 20;

    private final Pattern first;
    private final long maxWaitNanos;
    private final int maxLines;
    private final Map<Labels, Group> groups = new LinkedHashMap<>();

    /** Lines that wait for the next. */
    private static final class Group {
        @Nullable
        LogEntry entry;

        final StringBuilder text = new StringBuilder();
        int lines;
        long sinceNanos;
        boolean began;
    }

    MultilineStage(Pattern first, long maxWaitNanos, int maxLines) {
        this.first = first;
        this.maxWaitNanos = maxWaitNanos;
        this.maxLines = maxLines;
    }

    @Override
    Stage forSource() {
        return new MultilineStage(first, maxWaitNanos, maxLines);
    }

    @Override
    void process(LogEntry e, Sink next) {
        Group g = groups.computeIfAbsent(e.labels(), l -> new Group());
        String line = e.text();
        boolean begins = first.matcher(line).find();
        if (begins) {
            emit(g, next);
            g.began = true;
        } else if (!g.began) {
            next.accept(e); // nothing that this could belong to has been seen
            return;
        }
        g.sinceNanos = System.nanoTime();
        if (g.entry == null) {
            g.entry = e;
            g.text.append(line);
        } else {
            g.text.append('\n').append(line);
            g.entry.absorb(e);
        }
        g.lines++;
        if (g.lines >= maxLines || g.text.length() >= MAX_BYTES) {
            emit(g, next);
        }
    }

    private static void emit(Group g, Sink next) {
        LogEntry e = g.entry;
        if (e != null) {
            g.entry = null;
            if (g.lines > 1) {
                e.setText(g.text.toString());
            }
            g.text.setLength(0);
            g.lines = 0;
            next.accept(e);
        }
    }

    @Override
    void flush(long nowNanos, boolean all, Sink next) {
        for (Group g : groups.values()) {
            if (g.entry != null && (all || nowNanos - g.sinceNanos >= maxWaitNanos)) {
                emit(g, next);
            }
        }
        if (groups.size() > 1000) {
            groups.values().removeIf(g -> g.entry == null);
        }
    }

    @Override
    long dueNanos() {
        long due = Long.MAX_VALUE;
        for (Group g : groups.values()) {
            if (g.entry != null) {
                due = Math.min(due, g.sinceNanos + maxWaitNanos);
            }
        }
        return due;
    }

    @Override
    void detach() {
        for (Group g : groups.values()) {
            if (g.entry != null) {
                g.entry.detach();
            }
        }
    }

    @Override
    void held(List<Held> to) {
        for (Group g : groups.values()) {
            if (g.entry != null) {
                g.entry.sources(to);
            }
        }
    }

    @Override
    boolean holds() {
        return true;
    }
}
