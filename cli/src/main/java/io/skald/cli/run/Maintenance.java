/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.run;

import io.prometheus.client.CollectorRegistry;
import io.skald.cli.store.Stores;
import io.skald.core.config.SkaldConfig;
import io.skald.core.config.TenantLimits;
import io.skald.core.disk.Disk;
import io.skald.core.http.HttpServer;
import io.skald.core.model.StoreException;
import io.skald.core.service.CloseStack;
import io.skald.core.wire.RecentEntries;
import io.skald.ingester.Ingester;
import io.skald.ingester.compact.CompactionService;
import io.skald.ingester.compact.DeleteRequests;
import io.skald.ingester.compact.MaintenanceApi;
import io.skald.querier.remote.ClusterIngesters;
import io.skald.querier.schedule.QueryScheduler;
import io.skald.querier.source.Ingesters;
import io.skald.storage.index.IngesterRegistry;
import io.skald.storage.index.Retention;
import java.io.IOException;
import java.net.http.HttpClient;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;

/** Compaction, retention and deletes, beside an ingester. */
final class Maintenance {
    private Maintenance() {}

    /** Begins to look after what is stored, and adds the routes. */
    static void register(
            SkaldConfig config,
            Path data,
            Stores stores,
            Ingester ingester,
            QueryScheduler scheduler,
            TenantLimits limits,
            Clock clock,
            CloseStack parts,
            HttpServer server,
            CollectorRegistry registry) {
        CompactionService.Environment env = new CompactionService.Environment(
                stores.index(),
                stores.log(),
                stores.segments(),
                new Retention(limits, clock::millis),
                () -> scheduler.running() > 0 || ingester.inFlightBytes() > 0,
                () -> usableBytes(data),
                tenant -> limits.of(tenant).patternsEnabled(),
                clock::millis,
                config.storage().shared());
        CompactionService compaction =
                parts.add("compaction", new CompactionService(env, config.compaction(), config.retention(), registry));
        MaintenanceApi.FlushAll flushAll = config.storage().shared()
                ? new FlushEverywhere(
                        ingester,
                        new IngesterRegistry(stores.index()),
                        parts.add("connections for flushes", HttpClient.newHttpClient()))
                : ingester::flush;
        Ingesters holding = config.storage().shared()
                ? parts.add(
                        "connections for deletes",
                        new ClusterIngesters(new IngesterRegistry(stores.index()), config.querier(), ingester.recent()))
                : () -> List.of(ingester.recent());
        DeleteRequests deletes = new DeleteRequests(stores.log(), new Unstored(holding), clock::millis);
        new MaintenanceApi(compaction, deletes, flushAll, clock::millis, config.multiTenant()).register(server);
        compaction.start();
    }

    /** Queriers and deletes ask the same of ingesters. */
    private record Unstored(Ingesters all) implements DeleteRequests.Ingesters {
        @Override
        public List<RecentEntries> holding() throws StoreException {
            return all.holding();
        }

        @Override
        public boolean holds(String ingesterId) throws StoreException {
            return all.holds(ingesterId);
        }
    }

    private static long usableBytes(Path data) {
        try {
            return Disk.REAL.usableBytes(data);
        } catch (IOException e) {
            // nothing is removed because of what is not known
            return Long.MAX_VALUE;
        }
    }
}
