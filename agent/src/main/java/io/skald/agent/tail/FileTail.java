/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.tail;

import io.skald.agent.discover.FileId;
import io.skald.agent.spool.FileState;
import io.skald.agent.spool.FileState.Format;
import io.skald.agent.spool.FileState.Partial;
import io.skald.agent.spool.FileState.Position;
import io.skald.core.model.Labels;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads one open file to its end and on, line by line. Every line becomes an entry: empty ones, those with bytes that are not UTF-8, and a
 * last one without a line feed after a second of quiet (what is later written behind it is an entry of its own). A carriage return before the
 * line feed is not part of the line. Of a line longer than {@link #MAX_LINE_BYTES} the rest is passed over. A file that got shorter, or begins with
 * other bytes than before, was truncated and is read from its beginning. Confined to the tail thread.
 */
final class FileTail implements AutoCloseable {
    /** Longest line, bytes; the ingester's limit for a tenant may cut it further. */
    static final int MAX_LINE_BYTES = 1 << 20;

    static final long QUIET_NANOS = 1_000_000_000;
    private static final int READ_BYTES = 256 * 1024;
    private static final int FINGERPRINT_BYTES = 1024;
    private static final System.Logger LOG = System.getLogger(FileTail.class.getName());

    private final FileId id;
    private final String path;
    private final FileChannel channel;
    private final TailMetrics metrics;
    private final Labels base;
    private final Map<String, Labels> labels = new LinkedHashMap<>();
    private final Map<String, Partial> partials = new LinkedHashMap<>();
    private long offset;
    private long fingerprint;
    private int fingerprintLength;
    private Format format;
    private Position position;

    private long lastSize = -1;
    private long lastChangeNanos;
    private boolean waitingForEnd;

    private FileTail(FileState state, FileChannel channel, Labels base, TailMetrics metrics) {
        this.id = state.id();
        this.path = state.path();
        this.channel = channel;
        this.metrics = metrics;
        this.base = base;
        this.offset = state.offset();
        this.fingerprint = state.fingerprint();
        this.fingerprintLength = state.fingerprintLength();
        this.format = state.format();
        this.position = state.position();
        state.partials().forEach(p -> partials.put(p.stream(), p));
    }

    /**
     * Opens a file to read on from a state.
     *
     * @return null if the path leads to another file by now
     */
    static @Nullable FileTail open(Path file, FileState state, Labels base, TailMetrics metrics, long nowNanos)
            throws IOException {
        FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
        try {
            if (!FileId.of(file).equals(state.id())) {
                channel.close();
                return null;
            }
            FileTail tail = new FileTail(state, channel, base, metrics);
            tail.lastChangeNanos = nowNanos;
            return tail;
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    FileId id() {
        return id;
    }

    String path() {
        return path;
    }

    FileState state() {
        return new FileState(
                id, path, offset, fingerprint, fingerprintLength, format, position, new ArrayList<>(partials.values()));
    }

    /** Whether the file is the one of which the state speaks: it still begins with what was read. */
    boolean isTheSame() throws IOException {
        return channel.size() >= offset && fingerprintLength > 0 && beginsAsBefore();
    }

    /** Labels of the streams that this file's entries went to. */
    List<Labels> streams() {
        return new ArrayList<>(labels.values());
    }

    /** Bytes that are not read yet. */
    long lagBytes() throws IOException {
        return Math.max(0, channel.size() - offset);
    }

    /** When the file last grew, by the clock that {@link #read} is given. */
    long lastChangeNanos() {
        return lastChangeNanos;
    }

    /**
     * Reads on for a while, at most until the batch is full.
     *
     * @param nowNanos a clock that only goes forward
     * @return whether there may be more to read at once
     */
    boolean read(BatchBuilder batch, long nowNanos) throws IOException {
        long size = channel.size();
        if (size < offset) {
            fromBeginning("got shorter");
        }
        if (size != lastSize) {
            lastSize = size;
            lastChangeNanos = nowNanos;
            waitingForEnd = false;
        }
        boolean quiet = nowNanos - lastChangeNanos >= QUIET_NANOS;
        if (size == offset || waitingForEnd && !quiet) {
            return false;
        }
        byte[] bytes = readAt(offset, (int) Math.min(size - offset, READ_BYTES));
        int used = consume(bytes, batch, false);
        if (used == 0 && bytes.length == READ_BYTES) {
            bytes = readAt(offset, (int) Math.min(size - offset, MAX_LINE_BYTES + 2));
            used = consume(bytes, batch, false);
        }
        return used > 0 || end(bytes, batch, quiet);
    }

    /** What holds no line feed: too long a line, or the end of the file. */
    private boolean end(byte[] bytes, BatchBuilder batch, boolean quiet) throws IOException {
        if (bytes.length == 0) {
            return false;
        }
        if (bytes.length >= MAX_LINE_BYTES + 2) {
            metrics.truncatedLines.inc();
            return consume(Arrays.copyOf(bytes, MAX_LINE_BYTES), batch, true) > 0;
        }
        waitingForEnd = true;
        return quiet && consume(bytes, batch, true) > 0;
    }

    /**
     * Turns whole lines into entries; with {@code open}, everything is one line that has no end.
     *
     * @return how many bytes were used
     */
    private int consume(byte[] bytes, BatchBuilder batch, boolean open) throws IOException {
        if (bytes.length == 0 || !open && !containsLineFeed(bytes) && position != Position.SKIPPING) {
            return 0;
        }
        if (!beginsAsBefore()) {
            fromBeginning("begins with other bytes");
            return 1; // nothing was used, but there is something to read
        }
        batch.readNow();
        int from = startOfLine(bytes);
        int lines = 0;
        if (open) {
            Format before = format;
            line(bytes, 0, withoutCarriageReturn(bytes, 0, bytes.length), batch);
            format = before; // half a line tells nothing about the others
            position = bytes.length == MAX_LINE_BYTES ? Position.SKIPPING : Position.OPEN_LINE;
            from = bytes.length;
            lines = 1;
        }
        while (from < bytes.length && !batch.isFull() && position == Position.LINE_START) {
            int end = indexOfLineFeed(bytes, from);
            if (end < 0) {
                break;
            }
            line(bytes, from, withoutCarriageReturn(bytes, from, end) - from, batch);
            from = end + 1;
            lines++;
        }
        offset += from;
        extendFingerprint();
        metrics.readBytes.inc(from);
        metrics.readLines.inc(lines);
        batch.file(state());
        return from;
    }

    /** Passes over what belongs to a line that was delivered already. */
    private int startOfLine(byte[] bytes) {
        int end = indexOfLineFeed(bytes, 0);
        return switch (position) {
            case LINE_START -> 0;
            case OPEN_LINE -> {
                position = Position.LINE_START;
                yield end == 0 || end == 1 && bytes[0] == '\r' ? end + 1 : 0;
            }
            case SKIPPING -> {
                if (end < 0) {
                    yield bytes.length;
                }
                position = Position.LINE_START;
                yield end + 1;
            }
        };
    }

    private void line(byte[] bytes, int from, int length, BatchBuilder batch) {
        if (format == Format.UNKNOWN && length > 0) {
            format = ContainerLine.detect(bytes, from, length);
        }
        ContainerLine wrapped = switch (format) {
            case UNKNOWN, PLAIN -> null;
            case CRI -> ContainerLine.parseCri(bytes, from, length);
            case DOCKER -> ContainerLine.parseDocker(bytes, from, length);
        };
        if (wrapped == null) {
            batch.add(labels(""), bytes, from, length);
            return;
        }
        Partial begun = partials.remove(wrapped.stream());
        if (wrapped.complete() && begun == null) {
            batch.add(
                    labels(wrapped.stream()),
                    wrapped.timestampNanos(),
                    wrapped.buffer(),
                    wrapped.offset(),
                    wrapped.length());
            return;
        }
        Partial joined = join(begun, wrapped);
        if (wrapped.complete()) {
            add(joined, batch);
        } else {
            partials.put(joined.stream(), joined);
        }
    }

    private Partial join(@Nullable Partial begun, ContainerLine part) {
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        if (begun != null) {
            text.writeBytes(begun.text());
        }
        int room = MAX_LINE_BYTES - text.size();
        text.write(part.buffer(), part.offset(), Math.min(room, part.length()));
        if (room < part.length() && room > 0) {
            metrics.truncatedLines.inc();
        }
        return new Partial(
                part.stream(), begun == null ? part.timestampNanos() : begun.timestampNanos(), text.toByteArray());
    }

    private void add(Partial p, BatchBuilder batch) {
        batch.add(labels(p.stream()), p.timestampNanos(), p.text(), 0, p.text().length);
    }

    /** Delivers beginnings whose ends will not come, because nobody writes to the file any more. */
    void giveUpPartials(BatchBuilder batch) {
        if (!partials.isEmpty()) {
            batch.readNow();
            partials.values().forEach(p -> add(p, batch));
            partials.clear();
            batch.file(state());
        }
    }

    private Labels labels(String stream) {
        return labels.computeIfAbsent(
                stream,
                s -> base.toBuilder().set("filename", path).set("stream", s).build());
    }

    private void fromBeginning(String why) {
        LOG.log(
                System.Logger.Level.INFO,
                () -> "file " + path + " " + why + " at offset " + offset
                        + ": it was truncated, and is read from its beginning");
        metrics.truncations.inc();
        offset = 0;
        fingerprint = 0;
        fingerprintLength = 0;
        format = Format.UNKNOWN;
        position = Position.LINE_START;
        partials.clear();
        lastSize = -1;
    }

    private boolean beginsAsBefore() throws IOException {
        return fingerprintLength == 0 || hash(readAt(0, fingerprintLength)) == fingerprint;
    }

    private void extendFingerprint() throws IOException {
        int n = (int) Math.min(offset, FINGERPRINT_BYTES);
        if (n > fingerprintLength) {
            byte[] prefix = readAt(0, n);
            if (prefix.length == n) {
                fingerprint = hash(prefix);
                fingerprintLength = n;
            }
        }
    }

    private static long hash(byte[] prefix) {
        try {
            return ByteBuffer.wrap(MessageDigest.getInstance("SHA-256").digest(prefix))
                    .getLong();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    /** Bytes at a position; fewer where the file ends. */
    private byte[] readAt(long at, int length) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(length);
        while (buffer.hasRemaining()) {
            if (channel.read(buffer, at + buffer.position()) < 0) {
                break;
            }
        }
        return buffer.hasRemaining() ? Arrays.copyOf(buffer.array(), buffer.position()) : buffer.array();
    }

    private static boolean containsLineFeed(byte[] bytes) {
        return indexOfLineFeed(bytes, 0) >= 0;
    }

    private static int indexOfLineFeed(byte[] bytes, int from) {
        for (int i = from; i < bytes.length; i++) {
            if (bytes[i] == '\n') {
                return i;
            }
        }
        return -1;
    }

    /** The end of a line without its carriage return. */
    private static int withoutCarriageReturn(byte[] bytes, int from, int end) {
        return end > from && bytes[end - 1] == '\r' ? end - 1 : end;
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
