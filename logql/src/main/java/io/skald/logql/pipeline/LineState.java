/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline;

import io.skald.core.model.Labels;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One entry on its way through the stages: its line, and its labels as an overlay over those of the stream and of the entry's metadata.
 * Parsed values stay slices of bytes until somebody reads them. Reused from line to line; confined to one thread.
 */
final class LineState {
    static final String ERROR = "__error__";
    static final String ERROR_DETAILS = "__error_details__";
    /** Marks an error that the query asked for, so that it does not fail the query. */
    static final String PRESERVE_ERROR = "__preserve_error__";

    static final String EXTRACTED = "_extracted";

    /** How the bytes of a slice become text. */
    enum Encoding {
        PLAIN,
        /** The inside of a JSON string, or of a quoted logfmt value, which has the same escapes. */
        JSON,
        /** There are no bytes. */
        NONE
    }

    final Labels stream;
    private final boolean[] streamDeleted;
    private int streamDeletedCount;

    private Labels rawMetadata = Labels.EMPTY;
    Labels metadata = Labels.EMPTY;
    /** A bit for each name in {@link #metadata}, by its hash: most names that are asked for are none of them. */
    private long metadataNames;

    private final ShownMetadata shown;
    private boolean[] metadataDeleted = new boolean[8];
    private int metadataDeletedCount;

    private String[] names = new String[16];
    private @Nullable String[] values = new String[16];
    private byte[][] sliceBuffers = new byte[16][];
    private int[] sliceOffsets = new int[16];
    private int[] sliceLengths = new int[16];
    private Encoding[] sliceEncodings = new Encoding[16];
    private boolean[] extracted = new boolean[16];
    private int count;

    private @Nullable String error;
    private @Nullable String errorDetails;

    private final SeenTexts seen = new SeenTexts();
    private final @Nullable String[] asked = new String[16];
    private final int[] askedIndex = new int[16];
    private int askedCount;

    private long timestampNanos;
    private byte[] buffer = new byte[0];
    private int offset;
    private int length;
    private @Nullable String text;

    LineState(Labels stream) {
        this.stream = stream;
        this.streamDeleted = new boolean[stream.size()];
        this.shown = new ShownMetadata(stream);
    }

    @SuppressWarnings("ReferenceEquality") // the same object is the common case, and only spares work
    void begin(long timestamp, byte[] bytes, int from, int size, Labels entryMetadata) {
        timestampNanos = timestamp;
        buffer = bytes;
        offset = from;
        length = size;
        text = null;
        count = 0;
        error = null;
        errorDetails = null;
        if (streamDeletedCount > 0) {
            Arrays.fill(streamDeleted, false);
            streamDeletedCount = 0;
        }
        if (metadataDeletedCount > 0) {
            Arrays.fill(metadataDeleted, false);
            metadataDeletedCount = 0;
        }
        if (entryMetadata != rawMetadata) {
            rawMetadata = entryMetadata;
            shown.take(entryMetadata);
            metadata = shown.labels();
            metadataNames = shown.names();
            if (metadata.size() > metadataDeleted.length) {
                metadataDeleted = new boolean[metadata.size()];
            }
        }
    }

    // the line

    long timestampNanos() {
        return timestampNanos;
    }

    byte[] buffer() {
        return buffer;
    }

    int offset() {
        return offset;
    }

    int length() {
        return length;
    }

    int end() {
        return offset + length;
    }

    /** The line as text; what is not UTF-8 becomes replacement characters. */
    String line() {
        String t = text;
        if (t == null) {
            t = new String(buffer, offset, length, StandardCharsets.UTF_8);
            text = t;
        }
        return t;
    }

    void replaceLine(String line) {
        byte[] bytes = line.getBytes(StandardCharsets.UTF_8);
        replaceLine(bytes, 0, bytes.length);
        text = line;
    }

    /** The array must stay as it is until the next entry. */
    void replaceLine(byte[] bytes, int from, int size) {
        buffer = bytes;
        offset = from;
        length = size;
        text = null;
    }

    // labels

    /** The value of a label, {@code __error__} and its details included, or null. */
    @Nullable
    String get(String name) {
        if (name.startsWith("__error")) {
            if (name.equals(ERROR)) {
                return error;
            }
            if (name.equals(ERROR_DETAILS)) {
                return errorDetails;
            }
        }
        return getLabel(name);
    }

    /** As {@link #get}, but knows no errors. */
    @Nullable
    String getLabel(String name) {
        int i = slot(name);
        if (i >= 0) {
            return valueAt(i);
        }
        int m = metadataIndex(name);
        if (m >= 0) {
            return metadataDeleted[m] ? null : metadata.value(m);
        }
        int s = streamIndex(name);
        return s < 0 || streamDeleted[s] ? null : stream.value(s);
    }

    // labels that are still bytes

    /**
     * Where a label stands among those that stages made, or -1. Not for {@code __error__} and its details; valid until the labels change.
     */
    @SuppressWarnings("ReferenceEquality") // parsers and filters ask with the same objects at each line
    int slot(String name) {
        for (int i = 0; i < count; i++) {
            if (names[i] == name) {
                return i;
            }
        }
        for (int i = 0; i < count; i++) {
            if (names[i].equals(name)) {
                return i;
            }
        }
        return -1;
    }

    /** Whether the label at a slot is text as it stands in {@link #sliceBuffer}, whether somebody has read it already or not. */
    boolean isPlainSlice(int slot) {
        return sliceEncodings[slot] == Encoding.PLAIN;
    }

    byte[] sliceBuffer(int slot) {
        return sliceBuffers[slot];
    }

    int sliceOffset(int slot) {
        return sliceOffsets[slot];
    }

    int sliceLength(int slot) {
        return sliceLengths[slot];
    }

    private String valueAt(int i) {
        String v = values[i];
        if (v == null) {
            v = switch (sliceEncodings[i]) {
                case PLAIN -> seen.text(sliceBuffers[i], sliceOffsets[i], sliceLengths[i]);
                case JSON -> JsonText.unescape(sliceBuffers[i], sliceOffsets[i], sliceLengths[i]);
                case NONE -> throw new IllegalStateException("label without a value: " + names[i]);
            };
            values[i] = v;
        }
        return v;
    }

    /** Sets a label; it hides the one of that name in the stream and in the metadata. */
    void set(String name, String value) {
        int i = place(name);
        values[i] = value;
        sliceEncodings[i] = Encoding.NONE;
    }

    /**
     * Offers a label that a parser found. The first one of a name wins, over all parsers of a line.
     *
     * @return whether it was taken
     */
    boolean extract(String name, byte[] bytes, int from, int size, Encoding encoding) {
        int i = slot(name);
        if (i >= 0 && extracted[i]) {
            return false;
        }
        i = place(name);
        setSlice(i, bytes, from, size, encoding);
        extracted[i] = true;
        return true;
    }

    /** As {@link #extract}, but replaces what an earlier parser found. */
    void setSlice(String name, byte[] bytes, int from, int size, Encoding encoding) {
        setSlice(place(name), bytes, from, size, encoding);
    }

    private void setSlice(int i, byte[] bytes, int from, int size, Encoding encoding) {
        values[i] = null;
        sliceBuffers[i] = bytes;
        sliceOffsets[i] = from;
        sliceLengths[i] = size;
        sliceEncodings[i] = encoding;
    }

    /** The name under which a parser shows a label: another one where stream or metadata have it already. */
    String parsedName(String name) {
        return conflicts(name) ? name + EXTRACTED : name;
    }

    /** Whether stream or metadata have a label of that name. */
    boolean conflicts(String name) {
        if (streamIndex(name) >= 0) {
            return true;
        }
        int m = metadataIndex(name);
        return m >= 0 && !metadataDeleted[m];
    }

    /** There are few of them, mostly, and strings know their hashes. */
    private int metadataIndex(String name) {
        int hash = name.hashCode();
        if ((metadataNames >>> hash & 1) == 0) {
            return -1;
        }
        for (int i = 0; i < metadata.size(); i++) {
            String n = metadata.name(i);
            if (n.hashCode() == hash && n.equals(name)) {
                return i;
            }
        }
        return -1;
    }

    /** Remembers the answer for the names that parsers ask for at each line, which are always the same objects. */
    @SuppressWarnings("ReferenceEquality") // an equal name that is another object only costs time
    private int streamIndex(String name) {
        for (int i = 0; i < askedCount; i++) {
            if (asked[i] == name) {
                return askedIndex[i];
            }
        }
        int index = stream.indexOf(name);
        if (askedCount < asked.length) {
            asked[askedCount] = name;
            askedIndex[askedCount++] = index;
        }
        return index;
    }

    private int place(String name) {
        int i = slot(name);
        if (i >= 0) {
            return i;
        }
        hide(name);
        if (count == names.length) {
            grow();
        }
        names[count] = name;
        extracted[count] = false;
        return count++;
    }

    private void grow() {
        int n = count * 2;
        names = Arrays.copyOf(names, n);
        values = Arrays.copyOf(values, n);
        sliceBuffers = Arrays.copyOf(sliceBuffers, n);
        sliceOffsets = Arrays.copyOf(sliceOffsets, n);
        sliceLengths = Arrays.copyOf(sliceLengths, n);
        sliceEncodings = Arrays.copyOf(sliceEncodings, n);
        extracted = Arrays.copyOf(extracted, n);
    }

    private void hide(String name) {
        int m = metadataIndex(name);
        if (m >= 0 && !metadataDeleted[m]) {
            metadataDeleted[m] = true;
            metadataDeletedCount++;
        }
        int s = streamIndex(name);
        if (s >= 0 && !streamDeleted[s]) {
            streamDeleted[s] = true;
            streamDeletedCount++;
        }
    }

    /** Removes a label wherever it comes from; errors too. */
    void remove(String name) {
        if (name.equals(ERROR)) {
            error = null;
            return;
        }
        if (name.equals(ERROR_DETAILS)) {
            errorDetails = null;
            return;
        }
        int i = slot(name);
        if (i >= 0) {
            removeAt(i);
        }
        hide(name);
    }

    private void removeAt(int i) {
        int last = --count;
        names[i] = names[last];
        values[i] = values[last];
        sliceBuffers[i] = sliceBuffers[last];
        sliceOffsets[i] = sliceOffsets[last];
        sliceLengths[i] = sliceLengths[last];
        sliceEncodings[i] = sliceEncodings[last];
        extracted[i] = extracted[last];
    }

    /** Removes every label that the predicate does not want; errors stay. */
    void retain(LabelPredicate wanted) {
        for (int i = count - 1; i >= 0; i--) {
            if (!wanted.test(names[i], this)) {
                removeAt(i);
            }
        }
        for (int i = 0; i < metadata.size(); i++) {
            if (!metadataDeleted[i] && !wanted.test(metadata.name(i), this)) {
                metadataDeleted[i] = true;
                metadataDeletedCount++;
            }
        }
        for (int i = 0; i < stream.size(); i++) {
            if (!streamDeleted[i] && !wanted.test(stream.name(i), this)) {
                streamDeleted[i] = true;
                streamDeletedCount++;
            }
        }
    }

    /** Decides over one label that is there. */
    interface LabelPredicate {
        boolean test(String name, LineState state);
    }

    // errors

    boolean hasError() {
        return error != null;
    }

    @Nullable
    String error() {
        return error;
    }

    @Nullable
    String errorDetails() {
        return errorDetails;
    }

    void fail(String newError, @Nullable String details) {
        error = newError;
        if (details != null) {
            errorDetails = details;
        }
    }

    // results

    /** Whether the labels are those of the stream alone. */
    boolean untouched() {
        return asItCame() && metadata.isEmpty();
    }

    /** Whether no stage has touched the labels, so that they are those of the stream and of {@link #metadata}. */
    boolean asItCame() {
        return count + streamDeletedCount + metadataDeletedCount == 0 && error == null && errorDetails == null;
    }

    /** Those of the stream that are left. */
    Labels streamLabels() {
        return streamDeletedCount == 0 ? stream : left(stream, streamDeleted);
    }

    /** Those of the metadata that are left. */
    Labels metadataLabels() {
        return metadataDeletedCount == 0 ? metadata : left(metadata, metadataDeleted);
    }

    private static Labels left(Labels labels, boolean[] deleted) {
        Labels.Builder b = new Labels.Builder();
        for (int i = 0; i < labels.size(); i++) {
            if (!deleted[i]) {
                b.put(labels.name(i), labels.value(i));
            }
        }
        return b.build();
    }

    /** Those that stages made, errors included. */
    Labels parsedLabels() {
        if (count == 0 && error == null && errorDetails == null) {
            return Labels.EMPTY;
        }
        Labels.Builder b = new Labels.Builder();
        addErrors(b);
        addOverlay(b);
        return b.build();
    }

    /** All labels. */
    Labels allLabels() {
        if (untouched()) {
            return stream;
        }
        Labels.Builder b = new Labels.Builder();
        addErrors(b);
        Labels s = stream;
        Labels m = metadata;
        int i = 0;
        int j = 0;
        while (i < s.size() || j < m.size()) {
            boolean fromStream = j == m.size() || i < s.size() && s.name(i).compareTo(m.name(j)) <= 0;
            if (fromStream) {
                if (!streamDeleted[i]) {
                    b.put(s.name(i), s.value(i));
                }
                i++;
            } else {
                if (!metadataDeleted[j]) {
                    b.put(m.name(j), m.value(j));
                }
                j++;
            }
        }
        addOverlay(b);
        return b.build();
    }

    private void addErrors(Labels.Builder b) {
        if (error != null) {
            b.put(ERROR, error);
        }
        if (errorDetails != null) {
            b.put(ERROR_DETAILS, errorDetails);
        }
    }

    private void addOverlay(Labels.Builder b) {
        for (int i = 0; i < count; i++) {
            b.put(names[i], valueAt(i));
        }
    }
}
