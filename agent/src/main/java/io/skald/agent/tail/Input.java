/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.tail;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/** Bytes that are read from. */
interface Input extends AutoCloseable {
    long size() throws IOException;

    /** Reads at a place; as {@link FileChannel#read(ByteBuffer, long)}. */
    int read(ByteBuffer to, long at) throws IOException;

    /** Reads until there is no more; returns how many bytes. */
    default int readFully(byte[] to, long at, int length) throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(to, 0, length);
        while (buffer.hasRemaining()) {
            if (read(buffer, at + buffer.position()) < 0) {
                break;
            }
        }
        return buffer.position();
    }

    @Override
    void close() throws IOException;

    /** That of a file that is gone. */
    Input NONE = new Input() {
        @Override
        public long size() {
            return 0;
        }

        @Override
        public int read(ByteBuffer to, long at) {
            return -1;
        }

        @Override
        public void close() {}
    };

    /** A file as it is. */
    record Plain(FileChannel channel) implements Input {
        @Override
        public long size() throws IOException {
            return channel.size();
        }

        @Override
        public int read(ByteBuffer to, long at) throws IOException {
            return channel.read(to, at);
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }
}
