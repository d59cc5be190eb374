/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.run;

import io.prometheus.client.CollectorRegistry;
import io.skald.agent.Agent;
import io.skald.agent.AgentSettings;
import io.skald.agent.discover.Glob;
import io.skald.agent.pipeline.JobPipeline;
import io.skald.agent.push.Backoff;
import io.skald.agent.push.InProcess;
import io.skald.agent.tail.FileJob;
import io.skald.agent.tail.Target;
import io.skald.cli.CommandFailure;
import io.skald.cli.ExitCode;
import io.skald.cli.store.CostApi;
import io.skald.cli.store.Stores;
import io.skald.core.config.ConfigException;
import io.skald.core.config.HostPort;
import io.skald.core.config.Limits;
import io.skald.core.config.OverridesFile;
import io.skald.core.config.RetentionStream;
import io.skald.core.config.SkaldConfig;
import io.skald.core.config.StorageSettings.SegmentBackend;
import io.skald.core.config.TenantLimits;
import io.skald.core.config.WalSync;
import io.skald.core.disk.Disk;
import io.skald.core.http.HttpServer;
import io.skald.core.http.HttpServerConfig;
import io.skald.core.model.ErrorCode;
import io.skald.core.model.Labels;
import io.skald.core.model.RequestException;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.core.scan.LogSource;
import io.skald.core.service.CloseStack;
import io.skald.core.service.JvmMetrics;
import io.skald.core.service.OpsApi;
import io.skald.core.service.OverridesMetrics;
import io.skald.core.service.Readiness;
import io.skald.core.wire.PushSink;
import io.skald.core.wire.RecentEntries;
import io.skald.ingester.Ingester;
import io.skald.ingester.IngesterConfig;
import io.skald.ingester.flush.RetentionClasses;
import io.skald.ingester.recent.RecentApi;
import io.skald.ingester.wal.DataDirectory;
import io.skald.ingester.wal.SyncMode;
import io.skald.querier.api.QuerierApi;
import io.skald.querier.api.Sources;
import io.skald.querier.gaps.Gaps;
import io.skald.querier.remote.ClusterIngesters;
import io.skald.querier.rules.Ruler;
import io.skald.querier.rules.store.Leases;
import io.skald.querier.rules.store.StoreLeases;
import io.skald.querier.schedule.QueryScheduler;
import io.skald.querier.source.ExactSource;
import io.skald.querier.source.Ingesters;
import io.skald.querier.source.MultiTenantSource;
import io.skald.storage.SegmentStore;
import io.skald.storage.StoreMetrics;
import io.skald.storage.cache.RangeCache;
import io.skald.storage.index.CommitLog;
import io.skald.storage.index.IngesterRegistry;
import io.skald.storage.index.Retention;
import io.skald.storage.segment.SegmentReaders;
import java.io.IOException;
import java.net.UnknownHostException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The parts of a process, as its role has it. Made by {@link #start}; {@link #close} stops them in order. */
public final class Appliance implements AutoCloseable {
    private static final Duration KEEP_FLUSHED = Duration.ofSeconds(60);
    private static final Duration OVERRIDES_INTERVAL = Duration.ofSeconds(5);

    private final CloseStack parts;
    private final Readiness readiness;
    private final @Nullable PushSink sink;
    private final String url;

    private Appliance(CloseStack parts, Readiness readiness, @Nullable PushSink sink, String url) {
        this.parts = parts;
        this.readiness = readiness;
        this.sink = sink;
        this.url = url;
    }

    /**
     * Opens the stores, recovers the write-ahead log, and serves.
     *
     * @throws CommandFailure naming what cannot be used: the data directory, the port, a glob; nothing stays open then
     */
    public static Appliance start(SkaldConfig config, Role role) throws CommandFailure {
        return start(config, role, Clock.systemUTC());
    }

    /**
     * The same.
     *
     * @param clock what the process takes for the time of day. Those of several processes need not agree: what they must agree on is in the
     *     index, and leases are timed by monotonic clocks
     */
    public static Appliance start(SkaldConfig config, Role role, Clock clock) throws CommandFailure {
        if (role != Role.ALL && !config.storage().shared()) {
            throw new CommandFailure(
                    ExitCode.FAILURE,
                    "ingesters and queriers as processes of their own need stores that they share: set storage.index to dynamodb "
                            + "and storage.segments to s3");
        }
        CloseStack parts = new CloseStack();
        try {
            return start(config, role, clock, parts);
        } catch (StoreException | IOException | IllegalArgumentException e) {
            closeAfter(parts, e);
            // one line: a malformed pattern is pointed at with two more
            String message = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
            throw new CommandFailure(ExitCode.FAILURE, message, e);
        } catch (CommandFailure | RuntimeException e) {
            closeAfter(parts, e);
            throw e;
        }
    }

    private static void closeAfter(CloseStack parts, Exception e) {
        try {
            parts.close();
        } catch (IllegalStateException closing) {
            e.addSuppressed(closing);
        }
    }

    private static Appliance start(SkaldConfig config, Role role, Clock clock, CloseStack parts)
            throws StoreException, IOException, CommandFailure {
        Path data = dataDirectory(config.dataDir());
        CollectorRegistry registry = new CollectorRegistry();
        new JvmMetrics().register(registry);
        Readiness readiness = new Readiness();
        OverridesFile limits = parts.add("limits", overrides(config));
        new OverridesMetrics(limits).register(registry);

        // before anything in it is opened: whoever comes second is told who is first
        DataDirectory locked = parts.add("data directory", DataDirectory.acquire(Disk.REAL, data));
        StoreMetrics calls = new StoreMetrics(registry);
        Stores stores = Stores.open(config, data, parts, calls);
        Ingester ingester = role.ingests()
                ? parts.add(
                        "ingester",
                        Ingester.open(
                                locked,
                                ingesterConfig(config, data),
                                stores.log(),
                                stores.segments(),
                                limits,
                                clock,
                                registry,
                                stores.notes(config, clock::millis)))
                : null;
        if (ingester != null && !config.tail().isEmpty()) {
            parts.add("agent", follow(config, data, ingester, clock, registry));
        }
        QueryScheduler scheduler = parts.add(
                "query scheduler",
                new QueryScheduler(
                        Runtime.getRuntime().availableProcessors(),
                        config.querier().maxConcurrent(),
                        config.querier().maxOutstandingRequestsPerTenant()));
        HttpServer server = parts.add("HTTP server", server(config, registry));
        OpsApi.register(
                server,
                readiness,
                registry,
                new OpsApi.Configuration(config.toYaml(), SkaldConfig.DEFAULTS.toYaml(), config.differenceToYaml()));
        new CostApi(calls, stores.log()).register(server);
        Membership membership = null;
        if (ingester != null) {
            membership = ingest(config, stores, ingester, clock, server, parts);
            Maintenance.register(config, data, stores, ingester, scheduler, limits, clock, parts, server, registry);
        }
        Ruler ruler = null;
        if (role.queries()) {
            scheduler.register(registry);
            RecentEntries local = ingester == null ? null : ingester.recent();
            Sources sources = query(config, stores, local, scheduler, limits, clock, server, parts, registry);
            if (config.rules().enabled()) {
                ruler = ruler(config, data, stores, scheduler, sources, limits, clock, parts, server, registry);
            }
        }
        HostPort listen = config.http().listen();
        if (membership != null) {
            // the first to be closed: an ingester stores what it holds while it answers queries as before
            parts.add("membership", membership).join(listen.port());
        }
        server.start();
        if (membership != null && listen.port() == 0) {
            membership.join(server.port());
        }
        readiness.started();
        if (ruler != null) {
            ruler.start();
        }
        return new Appliance(
                parts, readiness, ingester, "http://" + new HostPort(reachable(listen.host()), server.port()));
    }

    /** Alert and recording rules. Where others use the index, too, one of all evaluates each group. */
    private static Ruler ruler(
            SkaldConfig config,
            Path data,
            Stores stores,
            QueryScheduler scheduler,
            Sources sources,
            TenantLimits limits,
            Clock clock,
            CloseStack parts,
            HttpServer server,
            CollectorRegistry registry)
            throws IOException {
        Leases leases = config.storage().shared()
                ? new StoreLeases(
                        stores.index(),
                        UUID.randomUUID().toString(),
                        () -> addressOf(config, server.port()),
                        System::nanoTime)
                : Leases.ALONE;
        Ruler.Parts on = new Ruler.Parts(
                stores.index(),
                scheduler,
                sources::of,
                sources::ingesters,
                limits,
                leases,
                clock,
                data.resolve("rules"));
        HostPort listen = config.http().listen();
        String own = "http://" + new HostPort(reachable(listen.host()), listen.port());
        Ruler ruler = parts.add("rules", Ruler.open(config.rules(), on, config.multiTenant(), own, registry));
        ruler.register(server);
        return ruler;
    }

    /** Where other queriers reach this process; empty if its machine has no name. */
    private static String addressOf(SkaldConfig config, int port) {
        try {
            return IngesterIdentity.address(config.querier().advertise(), config, port);
        } catch (UnknownHostException e) {
            return "";
        }
    }

    private static HttpServer server(SkaldConfig config, CollectorRegistry registry) {
        HostPort listen = config.http().listen();
        int maxBody = Math.toIntExact(config.http().maxBodySize());
        return new HttpServer(
                HttpServerConfig.of(listen.host(), listen.port())
                        .withMaxBody(
                                maxBody, Math.max(maxBody, Runtime.getRuntime().maxMemory() / 4)),
                registry);
    }

    /** Serves pushes, and where the index is shared what is not in segments yet. */
    private static @Nullable Membership ingest(
            SkaldConfig config, Stores stores, Ingester ingester, Clock clock, HttpServer server, CloseStack parts) {
        ingester.register(server, config.multiTenant());
        if (!config.storage().shared()) {
            return null;
        }
        RecentApi api = parts.add("open scans", new RecentApi(ingester.recent()));
        api.register(server);
        IngesterRegistry registry = new IngesterRegistry(stores.index());
        return new Membership(config, registry, ingester, api, clock);
    }

    /** Segments as queries read them. */
    private static SegmentStore near(SkaldConfig config, Stores stores, CollectorRegistry registry)
            throws StoreException {
        long size = config.storage().cacheSize();
        return config.storage().segments() == SegmentBackend.S3 && size > 0
                ? RangeCache.open(stores.segments(), config.dataDir().resolve("cache"), size, registry)
                : stores.segments();
    }

    private static SegmentReaders readers(SkaldConfig config, Stores stores, CollectorRegistry registry)
            throws StoreException {
        SegmentReaders readers = new SegmentReaders(near(config, stores, registry));
        readers.register(registry);
        return readers;
    }

    private static Sources query(
            SkaldConfig config,
            Stores stores,
            @Nullable RecentEntries local,
            QueryScheduler scheduler,
            OverridesFile limits,
            Clock clock,
            HttpServer server,
            CloseStack parts,
            CollectorRegistry registry)
            throws StoreException {
        Ingesters ingesters;
        Supplier<List<RecentEntries>> known;
        if (config.storage().shared()) {
            ClusterIngesters all = parts.add(
                    "connections to ingesters",
                    new ClusterIngesters(new IngesterRegistry(stores.index()), config.querier(), local));
            ingesters = all;
            known = all::known;
        } else {
            List<RecentEntries> one = List.of(Objects.requireNonNull(local));
            ingesters = () -> one;
            known = () -> one;
        }
        Sources sources = new StoredSources(
                stores.log(),
                readers(config, stores, registry),
                ingesters,
                known,
                new Retention(limits, clock::millis),
                config.multiTenantQueries());
        QuerierApi.register(
                server,
                scheduler,
                sources,
                limits,
                config.multiTenant(),
                registry,
                () -> ChronoUnit.NANOS.between(Instant.EPOCH, clock.instant()));
        parts.add("loss accounting", new Gaps(ingesters, config.multiTenant(), clock, registry))
                .register(server);
        return sources;
    }

    private static OverridesFile overrides(SkaldConfig config) throws CommandFailure, IOException {
        checkRetention("limits", config.limits());
        for (Map.Entry<String, Limits> e : config.overrides().entrySet()) {
            checkRetention("overrides." + e.getKey(), e.getValue());
        }
        try {
            return OverridesFile.open(config, OVERRIDES_INTERVAL);
        } catch (ConfigException e) {
            throw new CommandFailure(ExitCode.FAILURE, String.valueOf(e.getMessage()), e);
        }
    }

    private static void checkRetention(String path, Limits limits) throws CommandFailure {
        for (RetentionStream r : limits.retentionStream()) {
            String problem = RetentionClasses.problem(r.selector());
            if (problem != null) {
                throw new CommandFailure(
                        ExitCode.FAILURE, path + ".retention_stream: selector '" + r.selector() + "': " + problem);
            }
        }
    }

    /** What a client on this machine can connect to. */
    private static String reachable(String host) {
        return host.equals("0.0.0.0") || host.equals("::") ? "127.0.0.1" : host;
    }

    private static Path dataDirectory(Path dir) throws CommandFailure {
        try {
            Files.createDirectories(dir);
            return dir;
        } catch (AccessDeniedException e) {
            throw new CommandFailure(ExitCode.FAILURE, "cannot use data directory " + dir + ": permission denied", e);
        } catch (FileAlreadyExistsException e) {
            throw new CommandFailure(ExitCode.FAILURE, "cannot use data directory " + dir + ": it is a file", e);
        } catch (FileSystemException e) {
            String why = e.getReason() == null ? "it cannot be made there" : e.getReason();
            throw new CommandFailure(ExitCode.FAILURE, "cannot use data directory " + dir + ": " + why, e);
        } catch (IOException e) {
            throw new CommandFailure(ExitCode.FAILURE, "cannot use data directory " + dir + ": " + e.getMessage(), e);
        }
    }

    private static IngesterConfig ingesterConfig(SkaldConfig c, Path data) throws IOException {
        return new IngesterConfig(
                data,
                IngesterIdentity.id(c, data),
                c.wal().sync() == WalSync.ALWAYS ? SyncMode.ALWAYS : SyncMode.INTERVAL,
                c.wal().syncInterval(),
                Math.toIntExact(c.wal().segmentSize()),
                c.flush().maxWalBytes(),
                c.flush().maxAge(),
                KEEP_FLUSHED,
                c.wal().diskReserve(),
                c.ingester().maxInFlightBytes(),
                Math.toIntExact(c.ingester().maxPushSize()),
                c.flush().minePatterns());
    }

    /** Everything that is stored here, tenant by tenant. */
    private record StoredSources(
            CommitLog log,
            SegmentReaders segments,
            Ingesters recent,
            Supplier<List<RecentEntries>> known,
            Retention retention,
            boolean several)
            implements Sources {
        @Override
        public ExactSource of(TenantId tenant) {
            return new ExactSource(tenant, log, segments, recent, retention);
        }

        @Override
        public ExactSource.Stored stored(TenantId tenant) throws StoreException {
            return of(tenant).stored();
        }

        @Override
        public LogSource across(List<TenantId> tenants) {
            if (!several) {
                throw new RequestException(
                        ErrorCode.BAD_REQUEST,
                        "multiple org IDs present: queries over several tenants are off (multi_tenant_queries)");
            }
            Map<TenantId, LogSource> sources = new TreeMap<>();
            tenants.forEach(t -> sources.put(t, of(t)));
            return new MultiTenantSource(sources);
        }

        @Override
        public List<RecentEntries> ingesters() {
            return known.get();
        }
    }

    /** The agent that follows the files of the configuration. */
    private static Agent follow(
            SkaldConfig config, Path data, Ingester ingester, Clock clock, CollectorRegistry registry)
            throws IOException {
        TenantId tenant = new TenantId(config.tailTenant());
        InProcess.BlockSink sink =
                (unnamed, push) -> ingester.push(tenant, push).result();
        List<Glob> globs = config.tail().stream().map(Glob::new).toList();
        FileJob job = new FileJob("tail", JobPipeline.PLAIN, true, false);
        Target target = new Target(job, globs, null, Labels.EMPTY, Labels.EMPTY);
        AgentSettings settings = AgentSettings.of(data.resolve("agent")).withScanInterval(Duration.ofSeconds(1));
        Agent.Destination here = new Agent.Destination("here", (agent, epoch) -> new InProcess(sink), Backoff.DEFAULT);
        return Agent.open(settings, List.of(here), () -> List.of(target), clock, registry);
    }

    /** The address that a client on this machine can use. */
    public String url() {
        return url;
    }

    /** Takes entries as a push over HTTP would. */
    public PushSink sink() {
        return Objects.requireNonNull(sink, "this process takes no pushes");
    }

    /** Stops taking requests, then the agent, flushes, and closes the stores. Idempotent. */
    @Override
    public void close() {
        readiness.stopping();
        parts.close();
    }
}
