/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.run;

import io.skald.core.config.SkaldConfig;
import io.skald.core.model.StoreException;
import io.skald.ingester.Ingester;
import io.skald.ingester.recent.RecentApi;
import io.skald.storage.index.IngesterRegistry;
import java.io.IOException;
import java.time.Clock;

/**
 * An ingester among those that share an index: listed before it takes pushes, taken off the list when all that it holds is stored. Closing
 * it is the first step of stopping the process.
 */
final class Membership implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Membership.class.getName());

    private final SkaldConfig config;
    private final IngesterRegistry registry;
    private final Ingester ingester;
    private final RecentApi api;
    private final Clock clock;
    private boolean left;

    Membership(SkaldConfig config, IngesterRegistry registry, Ingester ingester, RecentApi api, Clock clock) {
        this.config = config;
        this.registry = registry;
        this.ingester = ingester;
        this.api = api;
        this.clock = clock;
    }

    /**
     * Lists the ingester.
     *
     * @param port where the server listens; 0 if that is not known yet
     */
    void join(int port) throws StoreException, IOException {
        registry.hold(ingester.recent().ingesterId(), IngesterIdentity.address(config, port), clock.millis());
    }

    /** Stores everything, leaves the list, and lets the queries end that are being answered. What cannot be stored stays listed. */
    @Override
    public void close() {
        if (left) {
            return;
        }
        left = true;
        String id = ingester.recent().ingesterId();
        try {
            ingester.drain();
            registry.leave(id, clock.millis());
            LOG.log(System.Logger.Level.INFO, "ingester {0} has stored all that it held, and left", id);
            api.awaitClosed(config.ingester().drainTimeout());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (StoreException e) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "ingester " + id
                            + " stops with entries that only its disk holds; start it again to have them stored",
                    e);
        }
    }
}
