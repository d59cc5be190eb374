/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.tail;

import io.skald.agent.collect.Collector;
import io.skald.agent.discover.FileId;
import io.skald.agent.pipeline.ContainerLine;
import io.skald.agent.pipeline.LogEntry;
import io.skald.agent.pipeline.Pipeline;
import io.skald.agent.spool.FileState;
import io.skald.agent.spool.FileState.Format;
import io.skald.agent.spool.FileState.Held;
import io.skald.agent.spool.FileState.Position;
import io.skald.core.model.Labels;
import io.skald.core.model.TenantId;
import io.skald.core.wire.BlockPush.LineRange;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads one open file to its end and on, line by line. Every line goes into an entry: empty ones, those with bytes that are not UTF-8, and a
 * last one without a line feed after a second of quiet (what is later written behind it is an entry of its own). A carriage return before the
 * line feed is not part of the line. Of a line longer than {@link #MAX_LINE_BYTES} the rest is passed over. A file that got shorter, or begins with
 * other bytes than before, was truncated and is read from its beginning. Confined to the tail thread.
 */
final class FileTail implements AutoCloseable {
    /** Longest line, bytes; the ingester's limit for a tenant may cut it further. */
    static final int MAX_LINE_BYTES = 1 << 20;

    static final long QUIET_NANOS = 1_000_000_000;
    private static final int READ_BYTES = 256 * 1024;
    private static final System.Logger LOG = System.getLogger(FileTail.class.getName());

    private Target target;
    private final long openedNanos;
    private final TailContext context;
    private final Collector collector;
    private final FileId id;
    private final String path;
    private final Input input;
    private final Fingerprint fingerprint;
    private Labels labels;
    private final PlainLines plain;
    private long offset;
    private long lines;
    private long generation;
    private Format format;
    private Position position;
    private Labels metadata;
    private @Nullable Pipeline pipeline;
    private List<Held> toRestore;
    private TenantId tenant = TenantId.DEFAULT;
    private Labels lastLabels = Labels.EMPTY;
    private Collector.@Nullable Stream stream;

    private long order;
    private long lastSize = -1;
    private long lastChangeNanos;
    private boolean waitingForEnd;
    private boolean announced;
    private boolean told;
    private @Nullable Past past;

    FileTail(Target target, TailContext context, FileState state, Input input, long nowNanos) {
        this.target = target;
        this.context = context;
        this.collector = context.collector();
        this.id = state.id();
        this.path = state.path();
        this.input = input;
        this.fingerprint = new Fingerprint(state.fingerprint(), state.fingerprintLength());
        this.offset = state.offset();
        this.lines = state.lines();
        this.generation = state.generation();
        this.format = state.format();
        this.position = state.position();
        this.toRestore = state.held();
        this.lastChangeNanos = nowNanos;
        this.openedNanos = nowNanos;
        this.labels = target.labelsOf(path);
        this.metadata = metadata();
        this.plain = new PlainLines(target.job().pipeline().traces());
    }

    /** What is read from now on has the labels of another target of the same job. To be called under the collector's lock. */
    void retarget(Target to) {
        flush(Long.MAX_VALUE, true);
        target = to;
        labels = to.labelsOf(path);
        metadata = metadata();
        pipeline = null;
        stream = null;
    }

    private Labels metadata() {
        Labels own = target.metadata();
        return target.job().origin() ? own.toBuilder().set("origin", origin()).build() : own;
    }

    private String origin() {
        return Long.toString(generation, 36);
    }

    String path() {
        return path;
    }

    Target target() {
        return target;
    }

    FileState.Key key() {
        return new FileState.Key(target.job().name(), id);
    }

    FileState state() {
        List<Held> held = pipeline == null ? toRestore : pipeline.held();
        return new FileState(
                target.job().name(),
                id,
                path,
                offset,
                lines,
                generation,
                fingerprint.hash(),
                fingerprint.length(),
                format,
                position,
                held);
    }

    /** Takes down what the file begins with, though it is not read yet: a copy of it can be known then. */
    void identify() throws IOException {
        if (offset == 0 && fingerprint.length() < Fingerprint.MAX_BYTES) {
            fingerprint.extend(input, input.size());
        }
    }

    /** Whether the file is the one of which the state speaks: it still begins with what was read. */
    boolean isTheSame() throws IOException {
        return input.size() >= offset && fingerprint.length() > 0 && fingerprint.matches(input);
    }

    long generation() {
        return generation;
    }

    long offset() {
        return offset;
    }

    long lines() {
        return lines;
    }

    /** Bytes that are not read yet. */
    long lagBytes() throws IOException {
        return Math.max(0, input.size() - offset);
    }

    /** When the file last grew, by the clock that {@link #read} is given. */
    long lastChangeNanos() {
        return lastChangeNanos;
    }

    /** Whether it waits for what is to be known of it. */
    boolean isProvisional(long nowNanos) {
        return target.provisional() && !announced && nowNanos - openedNanos < target.waitNanos();
    }

    /** Whether everything was read and nothing is kept back. */
    boolean isDone() throws IOException {
        Pipeline p = pipeline;
        return lagBytes() == 0 && toRestore.isEmpty() && (p == null || p.dueNanos() == Long.MAX_VALUE);
    }

    /** For how long a stage wants nothing to be read; 0 if it may be. To be called under the collector's lock. */
    long pauseNanos() {
        Pipeline p = pipeline;
        return p == null ? 0 : p.pauseNanos();
    }

    /** Whether something is kept back that will be due. */
    boolean isWaiting() {
        Pipeline p = pipeline;
        return waitingForEnd || target.provisional() && !announced || p != null && p.dueNanos() != Long.MAX_VALUE;
    }

    /**
     * Reads on for a while, at most until the batch is full. The collector's lock is held.
     *
     * @param nowNanos a clock that only goes forward
     * @return whether there may be more to read at once
     */
    boolean read(long nowNanos) throws IOException {
        if (isProvisional(nowNanos)) {
            return false;
        }
        if (pauseNanos() > 0) {
            identify(); // it may be truncated before it is read
            return false;
        }
        restore();
        flush(nowNanos, false);
        long size = input.size();
        if (size < offset) {
            fromBeginning("got shorter");
        }
        if (size != lastSize) {
            lastSize = size;
            lastChangeNanos = nowNanos;
            waitingForEnd = false;
        }
        if (size == offset && told) {
            told = false;
            if (!fingerprint.matches(input)) {
                fromBeginning("begins with other bytes, and is as long as before");
                return true;
            }
        }
        long quietFor = nowNanos - lastChangeNanos;
        if (size == offset || waitingForEnd && quietFor < plain.waitNanos()) {
            return false;
        }
        long before = generation;
        int wanted = (int) Math.min(size - offset, READ_BYTES);
        byte[] chunk = context.chunks().take(wanted);
        int n = input.readFully(chunk, offset, wanted);
        int used = consume(chunk, n, size, quietFor);
        if (used == 0 && n == READ_BYTES) {
            context.chunks().give(chunk);
            wanted = (int) Math.min(size - offset, MAX_LINE_BYTES + 2);
            chunk = context.chunks().take(wanted);
            n = input.readFully(chunk, offset, wanted);
            used = consume(chunk, n, size, quietFor);
        }
        if (used == 0) {
            used = end(chunk, n, quietFor);
        }
        if (used > 0) {
            collector.chunk(chunk);
        } else {
            context.chunks().give(chunk);
        }
        // of a smaller piece nothing is left but the beginning of a line
        return used > 0 && (n >= READ_BYTES || collector.isFull() || generation != before);
    }

    /** What holds no line feed, or an entry to which more may belong. */
    private int end(byte[] b, int n, long quietFor) throws IOException {
        if (n == 0) {
            return 0;
        }
        if (n >= MAX_LINE_BYTES + 2 && Lines.indexOf(b, 0, n) < 0) {
            context.metrics().truncatedLines.inc();
            return open(b, MAX_LINE_BYTES, Position.SKIPPING);
        }
        waitingForEnd = true;
        boolean isOpen = Lines.indexOf(b, 0, n) < 0;
        return isOpen && quietFor >= QUIET_NANOS ? open(b, n, Position.OPEN_LINE) : 0;
    }

    /** Delivers a line that has no end. */
    private int open(byte[] b, int n, Position then) throws IOException {
        if (!ready(n)) {
            return 1;
        }
        long now = collector.now();
        int from = position == Position.LINE_START ? 0 : startOfLine(b, n);
        if (from < n) {
            Format before = format;
            one(b, from, Lines.withoutCarriageReturn(b, from, n), now);
            format = before; // half a line tells nothing about the others
            position = then;
            lines++;
            context.metrics().readLines.inc();
        }
        finish(b, n, lines - (from < n ? 1 : 0));
        return n;
    }

    /** Whether the file still is what it was; if not, it is read from its beginning. */
    private boolean ready(int n) throws IOException {
        if (n > 0 && !fingerprint.matches(input)) {
            fromBeginning("begins with other bytes");
            return false;
        }
        return true;
    }

    /**
     * Turns whole lines into entries.
     *
     * @return how many bytes were used
     */
    private int consume(byte[] b, int n, long size, long quietFor) throws IOException {
        if (n == 0 || position != Position.SKIPPING && Lines.indexOf(b, 0, n) < 0) {
            return 0;
        }
        if (!ready(n)) {
            return 1; // nothing was used, but there is something to read
        }
        long now = collector.now();
        long before = lines;
        int from = startOfLine(b, n);
        if (position == Position.LINE_START) {
            if (format == Format.UNKNOWN) {
                detect(b, from, n);
            }
            if (isDirect()) {
                boolean closes = offset + n >= size && quietFor >= plain.waitNanos();
                from = plain.consume(b, from, n, closes, collector, stream(), now, metadata);
                lines += plain.lines();
                waitingForEnd = !closes && offset + n >= size;
            } else {
                from = lineByLine(b, from, n, now);
            }
        }
        if (from > 0) {
            context.metrics().readLines.inc((double) (lines - before));
            finish(b, from, before);
        }
        return from;
    }

    private void detect(byte[] b, int from, int n) {
        int end = Lines.indexOf(b, from, n);
        if (end > from) {
            format = target.job().pipeline().unwrap()
                    ? ContainerLine.detect(b, from, Lines.withoutCarriageReturn(b, from, end) - from)
                    : Format.PLAIN;
        }
    }

    private boolean isDirect() {
        return target.job().pipeline().isPlain()
                && (format == Format.PLAIN || format == Format.UNKNOWN)
                && pipeline == null;
    }

    private Collector.Stream stream() {
        Collector.Stream s = stream;
        if (s == null) {
            s = collector.stream(TenantId.DEFAULT, labels);
            stream = s;
        }
        return s;
    }

    private int lineByLine(byte[] b, int start, int n, long now) {
        int from = start;
        while (from < n && !collector.isFull() && pauseNanos() == 0) {
            int end = Lines.indexOf(b, from, n);
            if (end < 0) {
                break;
            }
            one(b, from, Lines.withoutCarriageReturn(b, from, end), now);
            from = end + 1;
            lines++;
        }
        return from;
    }

    private void one(byte[] b, int from, int end, long now) {
        if (isDirect()) {
            collector.add(stream(), now, b, from, end - from, metadata);
        } else {
            pipeline().process(new LogEntry(labels, metadata, ++order, now, b, from, end - from));
        }
    }

    private Pipeline pipeline() {
        Pipeline p = pipeline;
        if (p == null) {
            p = target.job().pipeline().open(format, this::out);
            pipeline = p;
        }
        return p;
    }

    @SuppressWarnings("ReferenceEquality") // the same labels are mostly the same object, and others are looked up
    private void out(LogEntry e) {
        TenantId t = e.tenant();
        tenant = t == null ? TenantId.DEFAULT : t;
        long time = e.timeKnown() ? Collector.plausible(e.timeNanos(), e.readNanos()) : e.readNanos();
        Collector.Stream s = stream;
        if (s == null || t != null || e.labels() != lastLabels) {
            s = collector.stream(tenant, e.labels());
            stream = t == null ? s : null;
            lastLabels = e.labels();
        }
        collector.add(s, time, e.buffer(), e.offset(), e.length(), e.metadata());
    }

    /** Puts back what was kept back when the state was saved. */
    private void restore() {
        if (!toRestore.isEmpty()) {
            List<Held> held = toRestore;
            toRestore = List.of();
            for (Held h : held) {
                pipeline()
                        .process(new LogEntry(labels, metadata, ++order, h.readNanos(), h.line(), 0, h.line().length));
            }
        }
    }

    /** Lets out what was kept back when the state was saved. */
    void deliverHeld() {
        restore();
        flush(Long.MAX_VALUE, true);
    }

    /** Lets out what was kept back for too long, or all of it because nobody writes to the file any more. */
    void flush(long nowNanos, boolean all) {
        Pipeline p = pipeline;
        if (p != null && (all || p.dueNanos() <= nowNanos)) {
            p.flush(nowNanos, all);
            p.detach();
            collector.file(state(), tenant, null);
        }
    }

    /** Says that somebody has written to the file, though it may be as long as before. */
    void told() {
        told = true;
    }

    private void finish(byte[] b, int used, long linesBefore) throws IOException {
        told = false;
        Pipeline p = pipeline;
        if (p != null) {
            p.detach();
        }
        fingerprint.extend(input, offset, b, used);
        offset += used;
        context.metrics().readBytes.inc(used);
        LineRange range = target.job().origin() && lines > linesBefore
                ? new LineRange(origin(), linesBefore, lines - linesBefore, 0)
                : null;
        collector.file(state(), tenant, range);
        if (!announced) {
            announced = true;
            if (linesBefore == 0) {
                collector.urgent();
            }
        }
    }

    /** Passes over what belongs to a line that was delivered already. */
    private int startOfLine(byte[] b, int n) {
        int at = Lines.startOfLine(b, n, position);
        if (position != Position.SKIPPING || at > 0 && b[at - 1] == '\n') {
            position = Position.LINE_START;
        }
        return at;
    }

    private void fromBeginning(String why) {
        LOG.log(
                System.Logger.Level.INFO,
                () -> "file " + path + " " + why + " at offset " + offset
                        + ": it was truncated, and is read from its beginning");
        context.metrics().truncations.inc();
        flush(Long.MAX_VALUE, true);
        FileState before = state().past();
        past = new Past(before, Math.max(0, lastSize - offset));
        if (fingerprint.length() > 0) {
            collector.file(before, tenant, null);
        }
        offset = 0;
        lines = 0;
        generation = context.newGeneration();
        metadata = metadata();
        fingerprint.forget();
        format = Format.UNKNOWN;
        position = Position.LINE_START;
        pipeline = null;
        stream = null;
        plain.reset();
        lastSize = -1;
        collector.file(state(), tenant, null);
    }

    /** What was in the file before it was truncated, if it was since the last call. */
    @Nullable
    Past takePast() {
        Past p = past;
        past = null;
        return p;
    }

    @Override
    public void close() throws IOException {
        input.close();
    }
}
