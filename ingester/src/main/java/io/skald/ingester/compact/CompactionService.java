/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.compact;

import io.prometheus.client.CollectorRegistry;
import io.skald.core.config.CompactionSettings;
import io.skald.core.config.RetentionSettings;
import io.skald.core.model.RequestException;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.core.service.Threads;
import io.skald.logql.pipeline.QueryFilter;
import io.skald.storage.IndexStore;
import io.skald.storage.SegmentStore;
import io.skald.storage.compact.CompactionJob;
import io.skald.storage.compact.CompactionPlanner;
import io.skald.storage.compact.CompactionPolicy;
import io.skald.storage.compact.CompactionResult;
import io.skald.storage.compact.Compactor;
import io.skald.storage.compact.Garbage;
import io.skald.storage.compact.Lease;
import io.skald.storage.index.CommitLog;
import io.skald.storage.index.IndexVersion;
import io.skald.storage.index.Retention;
import io.skald.storage.segment.SegmentRef;
import io.skald.storage.segment.SegmentWriter;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import java.util.function.Predicate;

/**
 * Looks after what is stored, tenant by tenant: removes what retention no longer covers, compacts, applies deletes, and removes objects that are
 * no more. Several processes over the same stores share the work by leases. Thread-safe; one round runs at a time.
 */
public final class CompactionService implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(CompactionService.class.getName());
    /** How often one looks for objects to remove while there is nothing else to do. */
    private static final Duration GARBAGE_INTERVAL = Duration.ofMinutes(10);

    /** Rounds of planning for one tenant before others have their turn. */
    private static final int MAX_JOBS = 10_000;

    /**
     * What it works on.
     *
     * @param index where the log is, for leases and garbage beside it
     * @param foregroundBusy whether queries or pushes are being served that compaction should leave the machine to
     * @param freeBytes free bytes of the disk of local segments; {@link Long#MAX_VALUE} where that means nothing
     * @param patterns whether the patterns of a tenant's lines are mined
     * @param nowMillis the time, milliseconds since the epoch
     * @param shared whether other processes use the same stores
     * @param nanoTime a monotonic clock, {@code System::nanoTime}
     */
    public record Environment(
            IndexStore index,
            CommitLog log,
            SegmentStore segments,
            Retention retention,
            BooleanSupplier foregroundBusy,
            LongSupplier freeBytes,
            Predicate<TenantId> patterns,
            LongSupplier nowMillis,
            boolean shared,
            LongSupplier nanoTime) {
        public Environment(
                IndexStore index,
                CommitLog log,
                SegmentStore segments,
                Retention retention,
                BooleanSupplier foregroundBusy,
                LongSupplier freeBytes,
                Predicate<TenantId> patterns,
                LongSupplier nowMillis,
                boolean shared) {
            this(
                    index,
                    log,
                    segments,
                    retention,
                    foregroundBusy,
                    freeBytes,
                    patterns,
                    nowMillis,
                    shared,
                    System::nanoTime);
        }
    }

    private final Environment env;
    private final CompactionSettings settings;
    private final Expiry expiry;
    private final Garbage garbage;
    private final Compactor compactor;
    private final CompactionPlanner planner;
    private final CompactionMetrics metrics;
    private final CompactionPace pace;
    private final Thread thread;

    private final ReentrantLock running = new ReentrantLock();
    // guarded by running
    private final Map<TenantId, Lease> leases = new HashMap<>();
    private final Set<String> unreadable = new HashSet<>();
    private final Map<TenantId, Long> looksForGarbage = new HashMap<>();

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition stop = lock.newCondition();
    private boolean closing;

    public CompactionService(
            Environment env, CompactionSettings settings, RetentionSettings retention, CollectorRegistry registry) {
        this.env = env;
        this.settings = settings;
        CompactionPolicy d = CompactionPolicy.DEFAULT;
        CompactionPolicy policy = new CompactionPolicy(
                settings.targetSize(),
                d.fanIn(),
                d.dayClosedAfter(),
                settings.minAge(),
                new SegmentWriter.Density(settings.blockSize(), settings.zstdLevel()));
        this.metrics = new CompactionMetrics(registry);
        this.garbage = new Garbage(env.index(), env.segments(), env.log());
        this.expiry = new Expiry(env, retention, garbage, settings.deleteDelay(), metrics);
        this.planner = new CompactionPlanner(policy);
        this.compactor = new Compactor(
                env.segments(),
                env.log(),
                garbage,
                new Compactor.Settings(
                        policy, QueryFilter::of, env.patterns(), settings.deleteDelay(), env.nowMillis(), step -> {}));
        this.pace = new CompactionPace(
                settings.maxRate(), env.foregroundBusy(), this::pause, nanos -> metrics.waited.inc(nanos / 1e9));
        this.thread = Thread.ofPlatform().name("compaction").daemon().unstarted(this::run);
    }

    /** Begins to look for work by itself, if the settings say so. */
    public void start() {
        if (settings.enabled()) {
            thread.start();
        }
    }

    private void run() {
        try {
            while (true) {
                pause(settings.interval().toNanos());
                try {
                    round(false);
                } catch (StoreException | RuntimeException e) {
                    // tried again at the next look; a defect must not end it for good
                    metrics.failures.inc();
                    LOG.log(System.Logger.Level.ERROR, "compaction failed", e);
                }
            }
        } catch (InterruptedException e) {
            LOG.log(System.Logger.Level.DEBUG, "compaction stops");
        }
    }

    /** Waits. */
    private void pause(long nanos) throws InterruptedException {
        long left = nanos;
        lock.lock();
        try {
            while (!closing && left > 0) {
                left = stop.awaitNanos(left);
            }
            if (closing) {
                throw new InterruptedException("closing");
            }
        } finally {
            lock.unlock();
        }
    }

    private CompactionResult round(boolean all) throws StoreException, InterruptedException {
        CompactionResult sum = CompactionResult.NOTHING;
        StoreException failure = null;
        for (TenantId t : env.log().tenants()) {
            try {
                sum = sum.and(compact(t, all));
            } catch (StoreException e) {
                // the other tenants are looked after
                failure = e;
            }
        }
        evict();
        if (failure != null) {
            throw failure;
        }
        return sum;
    }

    /** Removes the oldest days while there is more than the settings allow. */
    public void evict() throws StoreException {
        running.lock();
        try {
            expiry.evict();
        } finally {
            running.unlock();
        }
    }

    /**
     * Does all there is to do for a tenant.
     *
     * @param all whether days that still grow are compacted like complete ones
     * @throws StoreException if the stores fail, or if {@code all} and another process is at it
     * @throws InterruptedException when this is closed meanwhile
     */
    public CompactionResult compact(TenantId tenant, boolean all) throws StoreException, InterruptedException {
        running.lockInterruptibly();
        try {
            if (!all && idle(tenant)) {
                // the lease costs a write now and then, which is for those who have something to do
                return CompactionResult.NOTHING;
            }
            Lease lease = leases.computeIfAbsent(
                    tenant, t -> new Lease(env.index(), t.value() + "/lease", settings.lease(), env.nanoTime()));
            if (!held(lease)) {
                if (all) {
                    throw new StoreException.Unavailable("tenant " + tenant + " is being compacted by another process");
                }
                return CompactionResult.NOTHING;
            }
            expiry.expire(tenant);
            CompactionResult sum = CompactionResult.NOTHING;
            for (int n = 0; n < MAX_JOBS && held(lease); n++) {
                IndexVersion version = env.log().read(tenant);
                List<CompactionJob> jobs =
                        planner.plan(version, env.nowMillis().getAsLong() * 1_000_000, all, unreadable);
                metrics.pending.set(jobs.size());
                if (jobs.isEmpty()) {
                    break;
                }
                sum = sum.and(run(tenant, jobs.getFirst()));
            }
            collect(tenant);
            return sum;
        } finally {
            running.unlock();
        }
    }

    /** Whether there is nothing to do: one read of the log, and now and then one of the garbage. */
    private boolean idle(TenantId tenant) throws StoreException {
        long now = env.nowMillis().getAsLong();
        IndexVersion version = env.log().read(tenant);
        if (version.segments().stream().anyMatch(s -> env.retention().expired(tenant, s))) {
            return false;
        }
        List<CompactionJob> jobs = planner.plan(version, now * 1_000_000, false, unreadable);
        metrics.pending.set(jobs.size());
        return jobs.isEmpty() && now < looksForGarbage.getOrDefault(tenant, 0L);
    }

    private void collect(TenantId tenant) throws StoreException {
        long now = env.nowMillis().getAsLong();
        metrics.objects.inc(garbage.collect(tenant, now).size());
        looksForGarbage.put(tenant, now + GARBAGE_INTERVAL.toMillis());
    }

    /** A process that is alone must not wait for the lease that it held before it was killed. */
    private boolean held(Lease lease) throws StoreException {
        return !env.shared() || lease.hold();
    }

    private CompactionResult run(TenantId tenant, CompactionJob job) throws StoreException, InterruptedException {
        long start = System.nanoTime();
        try {
            CompactionResult r = compactor.run(tenant, job, pace);
            if (!r.committed()) {
                metrics.overtaken.inc();
                return CompactionResult.NOTHING;
            }
            metrics.compactions.inc();
            metrics.bytesIn.inc((double) r.bytesIn());
            metrics.bytesOut.inc((double) r.bytesOut());
            metrics.segmentsIn.inc(r.inputs());
            metrics.lineBytes.inc((double) r.lineBytes());
            metrics.duplicates.inc((double) r.duplicates());
            metrics.deleted.inc((double) r.deleted());
            return r;
        } catch (StoreException.CorruptData | StoreException.NotFound | RequestException e) {
            // left as it is, and out of further plans of this process: what can still be read must not be lost
            metrics.failures.inc();
            LOG.log(System.Logger.Level.ERROR, "segments of tenant " + tenant + " cannot be compacted", e);
            job.inputs().stream().map(SegmentRef::key).forEach(unreadable::add);
            return CompactionResult.NOTHING;
        } finally {
            metrics.seconds.inc((System.nanoTime() - start) / 1e9);
        }
    }

    /** Ends what runs at the next piece of work. Idempotent. */
    @Override
    public void close() {
        lock.lock();
        try {
            closing = true;
            stop.signalAll();
        } finally {
            lock.unlock();
        }
        Threads.awaitEnd(thread);
        running.lock();
        try {
            for (Lease l : leases.values()) {
                l.release();
            }
            leases.clear();
        } catch (StoreException e) {
            LOG.log(System.Logger.Level.WARNING, "a lease ends by itself in " + settings.lease(), e);
        } finally {
            running.unlock();
        }
    }
}
