/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.receive;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Finds messages in a stream: {@code 42 <34>1 …} by their length, others by line feeds. Of those that are too long the beginning is taken. In
 * whatever pieces the bytes come, the messages are the same. Confined to one thread.
 */
final class SyslogFrames {
    private static final int MOST_DIGITS = 10;

    /** Takes messages. */
    interface Sink {
        /** @param cut whether it was longer */
        void message(byte[] bytes, int offset, int length, boolean cut) throws InterruptedException;
    }

    private final int maxBytes;
    private final Sink sink;
    private byte[] buffer = new byte[8192];
    private int size;
    /** How much of the buffer, from its beginning, holds no line feed that matters. */
    private int searched;
    /** Bytes to come that belong to a message whose beginning was taken; negative if it ends with a line feed. */
    private long skip;

    /** @param maxBytes the longest message */
    SyslogFrames(int maxBytes, Sink sink) {
        this.maxBytes = maxBytes;
        this.sink = sink;
    }

    /** Makes room for bytes that are read to {@link #buffer} at {@link #size}, and {@link #added} then. */
    void room(int bytes) {
        if (size + bytes > buffer.length) {
            buffer = Arrays.copyOf(buffer, Math.max(buffer.length * 2, size + bytes));
        }
    }

    byte[] buffer() {
        return buffer;
    }

    int size() {
        return size;
    }

    /** Takes note of bytes in the buffer, and gives the messages that are whole. */
    void added(int bytes) throws InterruptedException {
        size += bytes;
        int used = 0;
        int next;
        while ((next = frame(used)) > used) {
            used = next;
            searched = next;
        }
        if (used > 0) {
            System.arraycopy(buffer, used, buffer, 0, size - used);
            size -= used;
            searched = Math.max(0, searched - used);
        }
    }

    /** Takes the message at a place; returns where the next begins, or the same place if it is not whole. */
    private int frame(int at) throws InterruptedException {
        if (skip != 0) {
            return skipped(at);
        }
        int text = counted(at);
        if (text == 0) {
            return at;
        }
        if (text > 0) {
            long length = Long.parseLong(new String(buffer, at, text - 1 - at, StandardCharsets.US_ASCII));
            int taken = (int) Math.min(length, maxBytes);
            if (text + taken > size) {
                return at;
            }
            sink.message(buffer, text, taken, length > taken);
            skip = length - taken;
            return text + taken;
        }
        for (int j = Math.max(at, searched); j < size && j - at <= maxBytes; j++) {
            if (buffer[j] == '\n') {
                sink.message(buffer, at, j - at, false);
                return j + 1;
            }
        }
        searched = size;
        if (size - at <= maxBytes) {
            return at;
        }
        sink.message(buffer, at, maxBytes, true);
        skip = -1;
        return at + maxBytes;
    }

    /** Where the text begins of a message that says its length; -1 if it does not say it, 0 if that cannot be told yet. */
    private int counted(int at) {
        int i = at;
        while (i < size && i - at < MOST_DIGITS && buffer[i] >= '0' && buffer[i] <= '9') {
            i++;
        }
        if (i == at && i < size) {
            return -1;
        }
        if (i == size) {
            return 0;
        }
        if (buffer[i] != ' ') {
            return -1;
        }
        // a line that begins with a number has no message behind it
        return i + 1 == size ? 0 : buffer[i + 1] == '<' ? i + 1 : -1;
    }

    private int skipped(int at) {
        if (skip > 0) {
            int n = (int) Math.min(skip, size - at);
            skip -= n;
            return at + n;
        }
        for (int j = at; j < size; j++) {
            if (buffer[j] == '\n') {
                skip = 0;
                return j + 1;
            }
        }
        return size;
    }

    /** Nothing more comes: gives the last message, which may have no end. */
    void end() throws InterruptedException {
        if (size > 0 && skip == 0) {
            int text = Math.max(0, counted(0));
            sink.message(buffer, text, size - text, false);
        }
        size = 0;
        searched = 0;
    }
}
