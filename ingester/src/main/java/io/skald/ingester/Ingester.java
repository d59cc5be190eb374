/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester;

import io.prometheus.client.CollectorRegistry;
import io.skald.core.config.TenantLimits;
import io.skald.core.disk.Disk;
import io.skald.core.http.Router;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.ErrorCode;
import io.skald.core.model.RequestException;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.core.wire.BlockPush;
import io.skald.core.wire.PushSink;
import io.skald.core.wire.RecentEntries;
import io.skald.ingester.flush.AckPace;
import io.skald.ingester.flush.FlushStep;
import io.skald.ingester.flush.Flushed;
import io.skald.ingester.flush.Flusher;
import io.skald.ingester.flush.RetentionClasses;
import io.skald.ingester.flush.SegmentNotes;
import io.skald.ingester.head.BatchCodec;
import io.skald.ingester.head.EncodedBatch;
import io.skald.ingester.head.EncodedBlocks;
import io.skald.ingester.head.EncodedLines;
import io.skald.ingester.head.Head;
import io.skald.ingester.head.LineLedger;
import io.skald.ingester.head.PushId;
import io.skald.ingester.head.SeenPushes;
import io.skald.ingester.push.Admission;
import io.skald.ingester.push.BlockPreparer;
import io.skald.ingester.push.Discards;
import io.skald.ingester.push.DiscardsApi;
import io.skald.ingester.push.NativeApi;
import io.skald.ingester.push.PushApi;
import io.skald.ingester.push.TenantGates;
import io.skald.ingester.push.Validator;
import io.skald.ingester.wal.DataDirectory;
import io.skald.ingester.wal.PendingRecord;
import io.skald.ingester.wal.Wal;
import io.skald.ingester.wal.WalFormat;
import io.skald.storage.SegmentStore;
import io.skald.storage.index.CommitLog;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;

/**
 * Takes pushes into the WAL, serves them to queries and flushes them into segments. {@link #open} recovers what an earlier run left before
 * anything is taken or served. Thread-safe. The stores, limits, clock and registry stay the caller's.
 */
public final class Ingester implements PushSink, NativeApi.BlockSink, AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Ingester.class.getName());
    private static final int MAX_SPARES = 16;
    private static final long DRAIN_POLL_MILLIS = 5;

    private final DiskGuard guard;
    private final IngesterConfig config;
    private final TenantLimits limits;
    private final Clock clock;
    private final IngesterMetrics metrics;
    private final IngesterEvents events;
    private final Admission admission;
    private final Discards discards;
    private final TenantGates gates;
    private final SeenPushes seen;
    private final DataDirectory directory;
    private final boolean ownsDirectory;
    private final Head head;
    private final Wal wal;
    private final AckPace pace = new AckPace();
    private final Flusher flusher;
    private volatile boolean closing;
    private volatile boolean draining;
    /** Pushes that have been let in and have not returned. */
    private final LongAdder pushing = new LongAdder();

    private Ingester(
            Disk disk,
            DataDirectory directory,
            boolean ownsDirectory,
            IngesterConfig config,
            CommitLog log,
            SegmentStore segments,
            TenantLimits limits,
            Clock clock,
            CollectorRegistry registry,
            Consumer<FlushStep> steps,
            SegmentNotes notes)
            throws StoreException {
        this.guard = new DiskGuard(disk, config.dataDir(), config.diskReserveBytes());
        this.config = config;
        this.limits = limits;
        this.clock = clock;
        this.admission = new Admission(config.maxInFlightBytes());
        this.directory = directory;
        this.ownsDirectory = ownsDirectory;
        Wal opened = null;
        try {
            Map<TenantId, Long> fences = fences(log, config.ingesterId());
            this.seen = SeenPushes.open(disk, config.dataDir().resolve("seen-pushes"));
            this.gates = TenantGates.open(disk, config.dataDir().resolve("demoted-labels"));
            this.metrics = new IngesterMetrics(registry, this::gauges);
            this.discards = new Discards((tenant, reason, lines, bytes) -> {
                metrics.discardedLines.labels(reason, tenant.value()).inc((double) lines);
                metrics.discardedBytes.labels(reason, tenant.value()).inc((double) bytes);
            });
            this.events = new IngesterEvents(metrics, clock, steps);
            this.head = new Head(
                    config.ingesterId(),
                    fences,
                    seen,
                    LineLedger.open(disk, config.dataDir().resolve("seen-lines")),
                    events);
            long minNumber =
                    fences.values().stream().mapToLong(WalFormat::number).max().orElse(0);
            opened = Wal.open(
                    disk,
                    new Wal.Settings(
                            config.dataDir().resolve("wal"),
                            config.walSegmentBytes(),
                            config.walSync(),
                            config.walSyncInterval(),
                            this::maxSpares),
                    directory.epoch(),
                    minNumber,
                    head,
                    head);
            this.wal = opened;
            head.attach(opened);
            this.flusher = new Flusher(
                    head,
                    segments,
                    log,
                    fences,
                    events,
                    new Flusher.Settings(
                            config.flushBytes(),
                            config.flushAge(),
                            config.keepFlushed(),
                            clock::millis,
                            guard::pressure,
                            tenant -> config.minePatterns() && limits.of(tenant).patternsEnabled(),
                            pace,
                            tenant -> RetentionClasses.of(limits.of(tenant)),
                            notes));
        } catch (StoreException | RuntimeException e) {
            if (opened != null) {
                opened.close();
            }
            if (ownsDirectory) {
                directory.close();
            }
            throw e;
        }
        guard.look();
        wal.trimSpares();
    }

    /**
     * Recovers, and begins flushing.
     *
     * @param directory the data directory of the config, locked; stays the caller's, who holds other things of it too
     * @param log where flushes are committed; read for the fences first
     * @param registry where the metrics are registered until {@link #close}
     * @param notes told of each object before it is written
     * @throws StoreException if the directory is unreadable, or the index cannot be read
     */
    public static Ingester open(
            DataDirectory directory,
            IngesterConfig config,
            CommitLog log,
            SegmentStore segments,
            TenantLimits limits,
            Clock clock,
            CollectorRegistry registry,
            SegmentNotes notes)
            throws StoreException {
        Ingester i = new Ingester(
                Disk.REAL, directory, false, config, log, segments, limits, clock, registry, step -> {}, notes);
        i.flusher.start();
        return i;
    }

    /** Opens the data directory, too, and does not flush by itself. */
    static Ingester create(
            Disk disk,
            IngesterConfig config,
            CommitLog log,
            SegmentStore segments,
            TenantLimits limits,
            Clock clock,
            CollectorRegistry registry,
            Consumer<FlushStep> steps)
            throws StoreException {
        return create(disk, config, log, segments, limits, clock, registry, steps, SegmentNotes.NONE);
    }

    static Ingester create(
            Disk disk,
            IngesterConfig config,
            CommitLog log,
            SegmentStore segments,
            TenantLimits limits,
            Clock clock,
            CollectorRegistry registry,
            Consumer<FlushStep> steps,
            SegmentNotes notes)
            throws StoreException {
        DataDirectory directory = DataDirectory.acquire(disk, config.dataDir());
        return new Ingester(disk, directory, true, config, log, segments, limits, clock, registry, steps, notes);
    }

    private static Map<TenantId, Long> fences(CommitLog log, String ingesterId) throws StoreException {
        Map<TenantId, Long> fences = new TreeMap<>();
        for (TenantId t : log.tenants()) {
            try {
                long fence = log.read(t).fence(ingesterId);
                if (fence > 0) {
                    fences.put(t, fence);
                }
            } catch (StoreException.CorruptData e) {
                // the other tenants are served; this one's entries stay in the WAL until its log can be read, and a
                // flush then finds its fence
                LOG.log(System.Logger.Level.ERROR, "tenant " + t + " cannot be flushed: " + e.getMessage(), e);
            }
        }
        return fences;
    }

    private IngesterMetrics.Gauges gauges() {
        long oldest = flusher.oldestUnflushedMillis();
        Wal.Queue queue = wal.queue();
        return new IngesterMetrics.Gauges(
                flusher.unflushedBytes(),
                oldest == 0 ? 0 : Math.max(0, clock.millis() - oldest) / 1e3,
                flusher.busy() ? 1 : 0,
                events.lastFlushMillis() / 1e3,
                wal.diskBytes(),
                queue.records(),
                queue.bytes(),
                head.streamCount(),
                head.fragmentCount(),
                head.tenants().size(),
                admission.inFlight(),
                guard.usableBytes());
    }

    /** Bytes of pushes that are being taken in now. */
    public long inFlightBytes() {
        return admission.inFlight();
    }

    /** What is acknowledged and may not be in the index yet. */
    public RecentEntries recent() {
        return head;
    }

    /** Adds the push endpoints and {@code POST /flush}. */
    public void register(Router router, boolean multiTenant) {
        new PushApi(this, admission, discards, config.maxPushBytes(), multiTenant, clock).register(router);
        new NativeApi(this, admission, config.maxPushBytes(), multiTenant).register(router);
        new DiscardsApi(discards, multiTenant).register(router);
        router.post("/flush", request -> FlushAnswer.of(flush()));
    }

    @Override
    public PushResult push(TenantId tenant, List<EntryBatch> batches) throws StoreException, InterruptedException {
        long begin = System.nanoTime();
        checkOpen();
        String id = tenant.value();
        Validator validator = validator(tenant);
        List<EntryBatch> good = validator.apply(batches);
        long accepted = 0;
        long bytes = 0;
        for (EntryBatch b : good) {
            accepted += b.size();
            bytes += b.lineBytes();
        }
        if (accepted > 0) {
            List<EncodedBatch> records =
                    BatchCodec.encode(tenant, good, WalFormat.maxPayload(config.walSegmentBytes()));
            guard.taken(bytes);
            append(records);
            pace.acked(System.nanoTime() - begin);
            records.forEach(EncodedBatch::release);
            metrics.lines.labels(id).inc((double) accepted);
            metrics.bytes.labels(id).inc((double) bytes);
        }
        return validator.result(accepted);
    }

    /** Writes records unless the ingester drains. Counted first and checked then, so that a drain waits for all that it does not stop. */
    private void append(List<? extends PendingRecord> records) throws StoreException, InterruptedException {
        pushing.increment();
        try {
            if (draining) {
                throw new StoreException.Unavailable("ingester is shutting down");
            }
            wal.append(records);
        } finally {
            pushing.decrement();
        }
    }

    private void checkOpen() throws StoreException {
        if (closing || draining) {
            throw new StoreException.Unavailable("ingester is shutting down");
        }
        guard.check(wal::trimSpares);
    }

    private Validator validator(TenantId tenant) {
        Instant now = clock.instant();
        long nanos = now.getEpochSecond() * 1_000_000_000L + now.getNano();
        return new Validator(tenant, limits.of(tenant), nanos, discards, gates);
    }

    @Override
    public NativeApi.Stored push(TenantId tenant, BlockPush push) throws StoreException, InterruptedException {
        checkOpen();
        PushId id = new PushId(tenant, push.agent(), push.epoch(), push.sequence(), push.checksum());
        SeenPushes.State state = seen.begin(id);
        metrics.nativePushes.labels(state.name().toLowerCase(Locale.ROOT)).inc();
        if (state == SeenPushes.State.SEEN) {
            return new NativeApi.Stored(PushResult.stored(0), true);
        }
        if (state == SeenPushes.State.BUSY) {
            throw new RequestException(
                    ErrorCode.UNAVAILABLE, "this push is being stored already; try again in a second");
        }
        if (state == SeenPushes.State.CHANGED) {
            LOG.log(
                    System.Logger.Level.ERROR,
                    "agent " + id.agent() + " of tenant " + tenant + " repeats push " + id.sequence() + " of epoch "
                            + id.epoch() + " with other bytes; both are stored");
        }
        try {
            return new NativeApi.Stored(store(id, push), false);
        } finally {
            seen.done(id);
        }
    }

    private PushResult store(PushId id, BlockPush push) throws StoreException, InterruptedException {
        long begin = System.nanoTime();
        Validator validator = validator(id.tenant());
        BlockPreparer preparer = new BlockPreparer(validator);
        List<EncodedBlocks.Block> good = preparer.prepare(push.blocks());
        boolean later = validator.status() == ErrorCode.TOO_MANY_REQUESTS.httpStatus();
        if (good.isEmpty() && push.blocks().isEmpty()) {
            append(List.of(EncodedLines.encode(id.tenant(), id.agent(), push.ranges(), clock.millis())));
            return validator.result(0);
        }
        if (later || good.isEmpty()) {
            // what may be allowed later comes again as a whole, with the same number
            return validator.result(0);
        }
        EncodedBlocks record = EncodedBlocks.encode(id, good);
        int most = WalFormat.maxPayload(config.walSegmentBytes());
        if (record.length() > most) {
            throw new RequestException(
                    ErrorCode.PAYLOAD_TOO_LARGE,
                    "push takes " + record.length() + " bytes, a WAL record at most " + most);
        }
        guard.taken(record.length());
        append(
                push.ranges().isEmpty()
                        ? List.of(record)
                        : List.of(EncodedLines.encode(id.tenant(), id.agent(), push.ranges(), clock.millis()), record));
        pace.acked(System.nanoTime() - begin);
        record.release();
        metrics.lines.labels(id.tenant().value()).inc((double) preparer.entries());
        metrics.bytes.labels(id.tenant().value()).inc((double) preparer.lineBytes());
        return validator.result(preparer.entries());
    }

    /** As many WAL files as a flush lets go of are used again, but none lies idle on a disk that is nearly full. */
    private int maxSpares() {
        return guard.pressure() ? 0 : (int) Math.min(MAX_SPARES, 1 + config.flushBytes() / config.walSegmentBytes());
    }

    /**
     * Stores everything that was acknowledged before the call in segments.
     *
     * @return what was stored by this call
     * @throws StoreException some of it is still only in the WAL; it is tried again
     */
    public Flushed flush() throws StoreException {
        return flusher.flush();
    }

    /**
     * Stops taking pushes and stores all that was acknowledged, while queries are answered as before. When it returns, nothing is here that
     * is not in segments.
     *
     * @throws StoreException if the stores do not take it
     */
    public void drain() throws StoreException, InterruptedException {
        draining = true;
        while (pushing.sum() > 0) {
            Thread.sleep(DRAIN_POLL_MILLIS);
        }
        flusher.flush();
    }

    /**
     * Stops taking pushes, flushes, and closes. When the stores cannot be reached, what is not flushed stays in the WAL for the next start.
     * Idempotent.
     */
    @Override
    public void close() throws StoreException {
        if (closing) {
            return;
        }
        closing = true;
        flusher.close();
        try {
            Flushed last = flusher.flush();
            LOG.log(
                    System.Logger.Level.DEBUG,
                    "flushed {0} entries in {1} segments before the end",
                    last.entries(),
                    last.segments());
        } catch (StoreException e) {
            LOG.log(System.Logger.Level.WARNING, "not all is flushed; the rest stays in the WAL", e);
        }
        closeFiles();
    }

    /** Closes as a crash would leave things: without a flush. For tests. */
    void crash() throws StoreException {
        closing = true;
        flusher.close();
        closeFiles();
    }

    private void closeFiles() throws StoreException {
        wal.close();
        metrics.close();
        if (ownsDirectory) {
            directory.close();
        }
    }
}
