/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.client;

import io.skald.cli.CommandFailure;
import io.skald.cli.ExitCode;
import io.skald.cli.Output;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where an export goes: standard output, or a file beside which {@code FILE.cursor} says up to which byte it is complete and where to go on.
 * Confined to one thread.
 */
abstract sealed class ExportTarget implements AutoCloseable {
    private final TimeOptions.Range range;
    private @Nullable String cursor;

    private ExportTarget(TimeOptions.Range range, @Nullable String cursor) {
        this.range = range;
        this.cursor = cursor;
    }

    static ExportTarget standardOutput(Output out, TimeOptions.Range range, @Nullable String cursor) {
        return new StandardOutput(out, range, cursor);
    }

    /**
     * A file, new or as a former run left it.
     *
     * @param what stands for the query and the form; a file of another export is refused
     * @param range of a new export; a former one keeps its own
     */
    static ExportTarget file(Path file, String what, TimeOptions.Range range) throws CommandFailure, IOException {
        Path state = file.resolveSibling(file.getFileName() + ".cursor");
        String identity = Integer.toHexString(what.hashCode());
        if (!Files.exists(state)) {
            if (Files.exists(file)) {
                throw new CommandFailure(ExitCode.USAGE, file + " exists already, and no export of it is under way");
            }
            return new ToFile(file, state, identity, range, null, 0);
        }
        List<String> s = List.of(Files.readString(state).strip().split(" ", -1));
        if (s.size() != 5 || !s.get(0).equals(identity)) {
            throw new CommandFailure(ExitCode.USAGE, state + " is of an export of another query or form");
        }
        try {
            TimeOptions.Range former = new TimeOptions.Range(Long.parseLong(s.get(1)), Long.parseLong(s.get(2)));
            return new ToFile(file, state, identity, former, s.get(4), Long.parseLong(s.get(3)));
        } catch (NumberFormatException e) {
            throw new CommandFailure(ExitCode.FAILURE, state + " is damaged: " + e.getMessage(), e);
        }
    }

    TimeOptions.Range range() {
        return range;
    }

    /** The place of the last line, or null before the first. */
    @Nullable
    String cursor() {
        return cursor;
    }

    /** Writes a line; returns its bytes. */
    int line(String text, String place) throws IOException {
        byte[] bytes = (text + "\n").getBytes(StandardCharsets.UTF_8);
        write(bytes);
        cursor = place;
        return bytes.length;
    }

    abstract void write(byte[] bytes) throws IOException;

    /** Makes what was written safe. */
    abstract void checkpoint() throws IOException;

    /** The export is complete. */
    abstract void finish() throws IOException;

    @Override
    public abstract void close() throws IOException;

    private static final class StandardOutput extends ExportTarget {
        private final Output out;

        StandardOutput(Output out, TimeOptions.Range range, @Nullable String cursor) {
            super(range, cursor);
            this.out = out;
        }

        @Override
        void write(byte[] bytes) throws IOException {
            out.print(new String(bytes, StandardCharsets.UTF_8));
        }

        @Override
        void checkpoint() throws IOException {
            out.flush();
        }

        @Override
        void finish() throws IOException {
            out.flush();
        }

        @Override
        public void close() {}
    }

    private static final class ToFile extends ExportTarget {
        private final Path state;
        private final String identity;
        private final FileChannel channel;
        private final OutputStream out;
        private long length;

        ToFile(Path file, Path state, String identity, TimeOptions.Range range, @Nullable String cursor, long length)
                throws IOException {
            super(range, cursor);
            this.state = state;
            this.identity = identity;
            this.length = length;
            this.channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            // what came after the last checkpoint is written again
            channel.truncate(length);
            channel.position(length);
            this.out = new BufferedOutputStream(Channels.newOutputStream(channel), 1 << 16);
        }

        @Override
        void write(byte[] bytes) throws IOException {
            out.write(bytes);
            length += bytes.length;
        }

        @Override
        void checkpoint() throws IOException {
            String place = cursor();
            if (place == null) {
                return;
            }
            out.flush();
            channel.force(false);
            TimeOptions.Range r = range();
            Path next = state.resolveSibling(state.getFileName() + ".new");
            Files.writeString(
                    next, identity + " " + r.startNanos() + " " + r.endNanos() + " " + length + " " + place + "\n");
            Files.move(next, state, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        }

        @Override
        void finish() throws IOException {
            out.flush();
            channel.force(true);
            Files.deleteIfExists(state);
        }

        @Override
        public void close() throws IOException {
            out.close();
            channel.close();
        }
    }
}
