/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.pipeline;

import io.skald.agent.spool.FileState.Format;
import io.skald.agent.spool.FileState.Held;
import io.skald.core.model.Labels;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Takes off what container runtimes wrap around a line, and joins lines that they have split. */
final class CriStage extends Stage {
    /** The longest entry that is put together, bytes. */
    static final int MAX_BYTES = 1 << 20;

    private final Format format;
    private final int maxParts;
    private final int maxBytes;
    private final boolean cuts;
    private final Map<String, Part> parts = new LinkedHashMap<>();
    private Labels lastLabels = Labels.EMPTY;
    private @Nullable Labels stdout;
    private @Nullable Labels stderr;

    /** An entry whose end has not come. */
    private static final class Part {
        final LogEntry entry;
        final ByteArrayOutputStream text = new ByteArrayOutputStream();

        Part(LogEntry entry) {
            this.entry = entry;
        }
    }

    /**
     * @param maxParts most streams of a source that may have an unfinished entry
     * @param maxBytes the longest entry that is put together
     * @param cuts whether what is beyond it is left out; else it goes on in an entry of its own
     */
    CriStage(Format format, int maxParts, int maxBytes, boolean cuts) {
        this.format = format;
        this.maxParts = maxParts;
        this.maxBytes = maxBytes;
        this.cuts = cuts;
    }

    @Override
    Stage forSource() {
        return new CriStage(format, maxParts, maxBytes, cuts);
    }

    @Override
    void process(LogEntry e, Sink next) {
        ContainerLine line = format == Format.CRI
                ? ContainerLine.parseCri(e.buffer(), e.offset(), e.length())
                : ContainerLine.parseDocker(e.buffer(), e.offset(), e.length());
        if (line == null) {
            next.accept(e);
            return;
        }
        e.setTime(line.timestampNanos());
        e.unwrapped(format);
        e.setLabels(labels(e.labels(), line.stream()));
        e.setLine(line.buffer(), line.offset(), line.length());
        Part begun = parts.isEmpty() ? null : parts.get(line.stream());
        if (line.complete() && begun == null) {
            next.accept(e);
            return;
        }
        if (begun != null && !cuts && begun.text.size() + line.length() > maxBytes) {
            parts.remove(line.stream());
            emit(begun, next); // nothing is left out: what follows is an entry of its own
            begun = null;
            if (line.complete()) {
                next.accept(e);
                return;
            }
        }
        if (begun == null) {
            if (parts.size() >= maxParts) {
                flush(0, true, next);
            }
            begun = new Part(e);
            parts.put(line.stream(), begun);
        } else {
            begun.entry.absorb(e);
        }
        int room = Math.max(0, maxBytes - begun.text.size());
        begun.text.write(line.buffer(), line.offset(), Math.min(room, line.length()));
        if (line.complete()) {
            parts.remove(line.stream());
            emit(begun, next);
        }
    }

    private Labels labels(Labels of, String stream) {
        if (!of.equals(lastLabels)) {
            lastLabels = of;
            stdout = null;
            stderr = null;
        }
        Labels cached = stream.equals("stderr") ? stderr : stdout;
        if (cached == null) {
            cached = of.toBuilder().set("stream", stream).build();
            if (stream.equals("stderr")) {
                stderr = cached;
            } else if (stream.equals("stdout")) {
                stdout = cached;
            }
        }
        return cached;
    }

    private void emit(Part p, Sink next) {
        byte[] text = p.text.toByteArray();
        p.entry.extract(format == Format.DOCKER ? "output" : "content", new String(text, StandardCharsets.UTF_8));
        p.entry.setLine(text, 0, text.length);
        next.accept(p.entry);
    }

    @Override
    void flush(long nowNanos, boolean all, Sink next) {
        if (all) {
            List<Part> left = List.copyOf(parts.values());
            parts.clear();
            left.forEach(p -> emit(p, next));
        }
    }

    @Override
    void detach() {
        for (Part p : parts.values()) {
            p.entry.setLine(new byte[0], 0, 0);
            p.entry.detach();
        }
    }

    @Override
    void held(List<Held> to) {
        parts.values().forEach(p -> p.entry.sources(to));
    }

    @Override
    boolean holds() {
        return true;
    }
}
