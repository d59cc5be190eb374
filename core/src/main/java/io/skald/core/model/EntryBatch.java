/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.model;

import java.util.Arrays;

/**
 * Entries of one stream in the order of arrival, as columns: times, lines (slices of shared byte buffers) and structured metadata. Not
 * thread-safe; handed over, never shared, while it is being filled. The line buffers are not copied: who fills the batch must leave them
 * unchanged for as long as the batch lives.
 */
public final class EntryBatch {
    private final Labels labels;
    private int size;
    private long lineBytes;
    private long[] timestampNanos;
    private byte[][] buffers;
    private int[] offsets;
    private int[] lengths;
    private Labels[] metadata;

    public EntryBatch(Labels labels) {
        this(labels, 16);
    }

    public EntryBatch(Labels labels, int capacity) {
        this.labels = labels;
        int n = Math.max(1, capacity);
        timestampNanos = new long[n];
        buffers = new byte[n][];
        offsets = new int[n];
        lengths = new int[n];
        metadata = new Labels[n];
    }

    private EntryBatch(Labels labels, EntryBatch columns, Labels[] metadata) {
        this.labels = labels;
        this.size = columns.size;
        this.lineBytes = columns.lineBytes;
        this.timestampNanos = columns.timestampNanos;
        this.buffers = columns.buffers;
        this.offsets = columns.offsets;
        this.lengths = columns.lengths;
        this.metadata = metadata;
    }

    /** Adds an entry whose line is {@code length} UTF-8 bytes at {@code offset} of {@code buffer}. */
    public void add(long timestamp, byte[] buffer, int offset, int length, Labels structuredMetadata) {
        if (size == timestampNanos.length) {
            grow();
        }
        lineBytes += length;
        timestampNanos[size] = timestamp;
        buffers[size] = buffer;
        offsets[size] = offset;
        lengths[size] = length;
        metadata[size++] = structuredMetadata;
    }

    /** An empty batch of another stream that takes over the columns of this one, which must not be used any more. */
    public EntryBatch recycled(Labels other) {
        Arrays.fill(buffers, 0, size, null);
        Arrays.fill(metadata, 0, size, null);
        EntryBatch b = withLabels(other);
        b.size = 0;
        b.lineBytes = 0;
        return b;
    }

    /** How many entries there is room for before the columns grow. */
    public int capacity() {
        return timestampNanos.length;
    }

    private void grow() {
        int n = size * 2;
        timestampNanos = Arrays.copyOf(timestampNanos, n);
        buffers = Arrays.copyOf(buffers, n);
        offsets = Arrays.copyOf(offsets, n);
        lengths = Arrays.copyOf(lengths, n);
        metadata = Arrays.copyOf(metadata, n);
    }

    /** The same entries as those of another stream. Shares the columns, so neither may be filled on. */
    public EntryBatch withLabels(Labels other) {
        return new EntryBatch(other, this, metadata);
    }

    /**
     * The same entries with other labels and metadata. Shares the other columns, so neither may be filled on.
     *
     * @param otherMetadata of each entry; not copied
     */
    public EntryBatch with(Labels other, Labels[] otherMetadata) {
        if (otherMetadata.length != size) {
            throw new IllegalArgumentException(otherMetadata.length + " sets of metadata for " + size + " entries");
        }
        return new EntryBatch(other, this, otherMetadata);
    }

    public Labels labels() {
        return labels;
    }

    public int size() {
        return size;
    }

    public long timestampNanos(int i) {
        return timestampNanos[i];
    }

    public byte[] buffer(int i) {
        return buffers[i];
    }

    public int offset(int i) {
        return offsets[i];
    }

    public int length(int i) {
        return lengths[i];
    }

    public Labels metadata(int i) {
        return metadata[i];
    }

    /** Sum of the line lengths, bytes. */
    public long lineBytes() {
        return lineBytes;
    }
}
