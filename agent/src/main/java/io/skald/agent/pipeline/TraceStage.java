/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.pipeline;

import io.skald.agent.spool.FileState.Held;
import io.skald.core.model.Labels;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Joins the lines of stack traces, stream by stream. */
final class TraceStage extends Stage {
    /** How long an ordinary line waits for one that belongs to it. */
    static final long WAIT_NANOS = TimeUnit.MILLISECONDS.toNanos(150);
    /** How long a trace waits for more of it. */
    static final long OPEN_WAIT_NANOS = TimeUnit.SECONDS.toNanos(1);

    static final int MAX_LINES = 1024;
    static final int MAX_BYTES = 256 * 1024;

    private final Map<Labels, Group> groups = new LinkedHashMap<>();

    /** What is kept back of one stream. */
    private static final class Group {
        final TraceRules rules = new TraceRules();
        final List<LogEntry> blank = new ArrayList<>();

        @Nullable
        LogEntry entry;

        @Nullable
        ByteArrayOutputStream joined;

        int lines;
        long sinceNanos;
    }

    @Override
    Stage forSource() {
        return new TraceStage();
    }

    @Override
    void process(LogEntry e, Sink next) {
        Group g = groups.computeIfAbsent(e.labels(), l -> new Group());
        LogEntry held = g.entry;
        if (held == null || g.lines >= MAX_LINES || held.length() >= MAX_BYTES) {
            emit(g, next);
            g.rules.first(e.buffer(), e.offset(), e.offset() + e.length());
            begin(g, e);
            return;
        }
        int from = e.offset();
        TraceRules.Answer answer = g.rules.next(
                e.buffer(), from, from + e.length(), held.buffer(), held.offset(), held.offset() + held.length());
        g.sinceNanos = System.nanoTime();
        switch (answer) {
            case MAYBE -> g.blank.add(e);
            case CONTINUES -> {
                for (LogEntry b : g.blank) {
                    join(g, held, b);
                }
                g.blank.clear();
                join(g, held, e);
            }
            case BEGINS -> {
                emit(g, next);
                begin(g, e);
            }
        }
    }

    private static void begin(Group g, LogEntry e) {
        g.entry = e;
        g.joined = null;
        g.lines = 1;
        g.sinceNanos = System.nanoTime();
    }

    private static void join(Group g, LogEntry to, LogEntry e) {
        ByteArrayOutputStream joined = g.joined;
        if (joined == null) {
            joined = new ByteArrayOutputStream(Math.max(256, 4 * to.length()));
            joined.write(to.buffer(), to.offset(), to.length());
            g.joined = joined;
        }
        joined.write('\n');
        joined.write(e.buffer(), e.offset(), e.length());
        to.absorb(e);
        g.lines++;
    }

    private static void emit(Group g, Sink next) {
        LogEntry e = g.entry;
        if (e == null) {
            return;
        }
        g.entry = null;
        if (g.joined != null) {
            byte[] text = g.joined.toByteArray();
            e.setLine(text, 0, text.length);
            g.joined = null;
        }
        next.accept(e);
        g.blank.forEach(next::accept);
        g.blank.clear();
    }

    @Override
    void flush(long nowNanos, boolean all, Sink next) {
        for (Group g : groups.values()) {
            if (g.entry != null && (all || nowNanos - due(g) >= 0)) {
                emit(g, next);
                g.rules.reset();
            }
        }
        if (groups.size() > 64) {
            groups.values().removeIf(g -> g.entry == null);
        }
    }

    private static long due(Group g) {
        return g.sinceNanos + (g.rules.open() ? OPEN_WAIT_NANOS : WAIT_NANOS);
    }

    @Override
    long dueNanos() {
        long due = Long.MAX_VALUE;
        for (Group g : groups.values()) {
            if (g.entry != null) {
                due = Math.min(due, due(g));
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
            g.blank.forEach(LogEntry::detach);
        }
    }

    @Override
    void held(List<Held> to) {
        for (Group g : groups.values()) {
            if (g.entry != null) {
                g.entry.sources(to);
            }
            g.blank.forEach(b -> b.sources(to));
        }
    }

    @Override
    boolean holds() {
        return true;
    }
}
