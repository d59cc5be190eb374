/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.pipeline;

import io.skald.agent.spool.FileState.Format;
import io.skald.agent.spool.FileState.Held;
import io.skald.core.model.Labels;
import io.skald.core.model.TenantId;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An entry on its way through a pipeline: line, time, labels, metadata, and what stages have extracted. The line is bytes until a stage asks for
 * text. Confined to the thread that runs the pipeline.
 */
public final class LogEntry {
    private byte[] buffer;
    private int offset;
    private int length;
    private @Nullable String text;
    private boolean textIsNewer;

    private byte[] raw;
    private int rawOffset;
    private int rawLength;
    private boolean borrowed = true;
    private final long order;
    private final long readNanos;
    private @Nullable List<Held> earlier;

    private long timeNanos;
    private boolean timeKnown;
    private Labels labels;
    private final Labels initial;
    private Labels metadata;
    private @Nullable TenantId tenant;
    private @Nullable Map<String, Object> extracted;
    /** How the source's line is wrapped, if a stage has taken the wrapping off and nobody has asked yet what it said. */
    private @Nullable Format wrapped;

    /**
     * An entry whose line is the source's.
     *
     * @param order its place among the lines of its source
     * @param readNanos when it was read, which is its time unless another is set
     * @param buffer holds the line; may be used again after {@link #detach}
     */
    public LogEntry(Labels labels, Labels metadata, long order, long readNanos, byte[] buffer, int offset, int length) {
        this.labels = labels;
        this.initial = labels;
        this.metadata = metadata;
        this.order = order;
        this.readNanos = readNanos;
        this.timeNanos = readNanos;
        this.buffer = buffer;
        this.offset = offset;
        this.length = length;
        this.raw = buffer;
        this.rawOffset = offset;
        this.rawLength = length;
    }

    /** Takes the line and the source's bytes out of buffers that will be used again. */
    public void detach() {
        if (!borrowed) {
            return;
        }
        borrowed = false;
        @SuppressWarnings("ReferenceEquality") // whether it is the same array
        boolean same = buffer == raw && offset == rawOffset && length == rawLength;
        raw = Arrays.copyOfRange(raw, rawOffset, rawOffset + rawLength);
        rawOffset = 0;
        if (same) {
            buffer = raw;
            offset = 0;
        } else if (!textIsNewer) {
            buffer = Arrays.copyOfRange(buffer, offset, offset + length);
            offset = 0;
        }
    }

    /** Adds another's source, which this entry now stands for as well, behind its own. */
    public void absorb(LogEntry later) {
        List<Held> all = earlier;
        if (all == null) {
            all = new ArrayList<>();
            earlier = all;
            all.add(ownSource());
        }
        later.sources(all);
    }

    /** Adds the lines of the source that this entry stands for, as they were read. */
    public void sources(List<Held> to) {
        if (earlier != null) {
            to.addAll(earlier);
        } else {
            to.add(ownSource());
        }
    }

    private Held ownSource() {
        return new Held(order, readNanos, Arrays.copyOfRange(raw, rawOffset, rawOffset + rawLength));
    }

    /** Where {@link #offset} and {@link #length} are. */
    public byte[] buffer() {
        encode();
        return buffer;
    }

    public int offset() {
        encode();
        return offset;
    }

    /** Bytes of the line. */
    public int length() {
        encode();
        return length;
    }

    private void encode() {
        String t = text;
        if (textIsNewer && t != null) {
            buffer = t.getBytes(StandardCharsets.UTF_8);
            offset = 0;
            length = buffer.length;
            textIsNewer = false;
        }
    }

    /** The line as text. */
    public String text() {
        String t = text;
        if (t == null) {
            t = new String(buffer, offset, length, StandardCharsets.UTF_8);
            text = t;
        }
        return t;
    }

    /** Replaces the line. */
    public void setText(String line) {
        text = line;
        textIsNewer = true;
    }

    /** Replaces the line by a slice, which is not copied. */
    public void setLine(byte[] b, int from, int n) {
        buffer = b;
        offset = from;
        length = n;
        text = null;
        textIsNewer = false;
    }

    /** Nanoseconds since 1970. */
    public long timeNanos() {
        return timeNanos;
    }

    /** Whether a stage or the source has set the time. */
    public boolean timeKnown() {
        return timeKnown;
    }

    public void setTime(long nanos) {
        timeNanos = nanos;
        timeKnown = true;
    }

    /** When the source read it. */
    public long readNanos() {
        return readNanos;
    }

    public Labels labels() {
        return labels;
    }

    public void setLabels(Labels l) {
        labels = l;
    }

    public Labels metadata() {
        return metadata;
    }

    public void setMetadata(Labels m) {
        metadata = m;
    }

    /** Whose it is, or null if nothing has said so. */
    public @Nullable TenantId tenant() {
        return tenant;
    }

    public void setTenant(TenantId t) {
        tenant = t;
    }

    /**
     * Says that the line is wrapped, and that what is in the wrapping counts as extracted. To be called before the line is replaced by what is
     * wrapped.
     */
    void unwrapped(Format format) {
        @SuppressWarnings("ReferenceEquality") // whether it is the same array
        boolean isRaw = !textIsNewer && buffer == raw && offset == rawOffset && length == rawLength;
        if (isRaw) {
            wrapped = format; // most lines are never asked for it
        } else {
            ContainerLine.fields(format, text()).forEach(this::extract);
        }
    }

    private void unwrap() {
        Format format = wrapped;
        if (format != null) {
            wrapped = null;
            ContainerLine.fields(format, new String(raw, rawOffset, rawLength, StandardCharsets.UTF_8))
                    .forEach((name, value) -> {
                        if (extracted == null || !extracted.containsKey(name)) {
                            extract(name, value);
                        }
                    });
        }
    }

    /** Something that a stage has extracted, or a label that the entry came with; null if it is neither. */
    public @Nullable Object extracted(String name) {
        unwrap();
        Map<String, Object> map = extracted;
        if (map != null) {
            Object v = map.get(name);
            if (v != null || map.containsKey(name)) {
                return v;
            }
        }
        return initial.get(name);
    }

    public void extract(String name, @Nullable Object value) {
        Map<String, Object> map = extracted;
        if (map == null) {
            map = new HashMap<>();
            extracted = map;
        }
        map.put(name, value);
    }

    /** What stages have extracted, over the labels that the entry came with. */
    public Map<String, Object> allExtracted() {
        unwrap();
        Map<String, Object> all = new HashMap<>(initial.toMap());
        if (extracted != null) {
            all.putAll(extracted);
        }
        return all;
    }
}
