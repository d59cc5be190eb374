/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.run;

import io.skald.core.model.StoreException;
import io.skald.ingester.Ingester;
import io.skald.ingester.compact.MaintenanceApi;
import io.skald.storage.index.IngesterRegistry;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;

/** Flushes every ingester that shares the index. */
record FlushEverywhere(Ingester local, IngesterRegistry registry, HttpClient http) implements MaintenanceApi.FlushAll {
    private static final Duration TIMEOUT = Duration.ofMinutes(2);

    @Override
    public void flush() throws StoreException {
        for (IngesterRegistry.Member m : registry.read()) {
            if (m.holding() && !m.id().equals(local.recent().ingesterId())) {
                flush(m);
            }
        }
        MaintenanceApi.FlushAll here = local::flush;
        here.flush();
    }

    private void flush(IngesterRegistry.Member m) throws StoreException {
        try {
            HttpResponse<String> r = http.send(
                    HttpRequest.newBuilder(URI.create(m.address() + "/flush"))
                            .timeout(TIMEOUT)
                            .POST(HttpRequest.BodyPublishers.noBody())
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
            if (r.statusCode() != 200) {
                throw new StoreException.Unavailable("ingester " + m.id() + " answered " + r.statusCode()
                        + " to a flush: " + r.body().strip());
            }
        } catch (IOException | IllegalArgumentException e) {
            throw new StoreException.Unavailable("ingester " + m.id() + " cannot be flushed: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoreException.Unavailable("ingester " + m.id() + ": interrupted", e);
        }
    }
}
