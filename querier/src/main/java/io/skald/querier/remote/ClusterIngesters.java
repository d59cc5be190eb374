/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.remote;

import io.skald.core.config.QuerierSettings;
import io.skald.core.model.StoreException;
import io.skald.core.wire.RecentEntries;
import io.skald.querier.source.Ingesters;
import io.skald.storage.index.IngesterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** All ingesters that are registered in a shared index. Thread-safe. */
public final class ClusterIngesters implements Ingesters, AutoCloseable {
    private static final long KNOWN_FOR_NANOS = Duration.ofSeconds(2).toNanos();

    private final IngesterRegistry registry;
    private final IngesterClient client;
    private final @Nullable AddressBook book;
    private final @Nullable RecentEntries local;
    private final ConcurrentHashMap<String, RemoteIngester> remote = new ConcurrentHashMap<>();
    /** What they say themselves. */
    private volatile Map<String, String> addresses = Map.of();

    private volatile List<RecentEntries> known = List.of();
    private volatile long knownNanos;

    /** @param local the ingester in this process, if there is one: it is asked without a connection */
    public ClusterIngesters(IngesterRegistry registry, QuerierSettings settings, @Nullable RecentEntries local) {
        this.registry = registry;
        this.client = new IngesterClient(settings.ingesterTimeout());
        this.book = settings.ingesters().isEmpty() ? null : new AddressBook(settings, client);
        this.local = local;
    }

    /** Where one of them is now, as far as anybody knows. */
    private final class Address implements RemoteIngester.Address {
        private final String id;

        Address(String id) {
            this.id = id;
        }

        @Override
        public @Nullable String url() {
            AddressBook b = book;
            return b == null ? addresses.get(id) : b.url(id);
        }

        @Override
        public void lost() {
            AddressBook b = book;
            if (b != null) {
                b.lost(id);
            }
        }
    }

    @Override
    public List<RecentEntries> holding() throws StoreException {
        List<IngesterRegistry.Member> members = registry.read();
        addresses = members.stream()
                .filter(m -> !m.address().isEmpty())
                .collect(Collectors.toUnmodifiableMap(
                        IngesterRegistry.Member::id, IngesterRegistry.Member::address, (a, b) -> b));
        List<RecentEntries> all = new ArrayList<>();
        for (IngesterRegistry.Member m : members) {
            if (m.holding()) {
                all.add(of(m.id()));
            }
        }
        remote.keySet().retainAll(addresses.keySet());
        known = List.copyOf(all);
        knownNanos = System.nanoTime();
        return all;
    }

    private RecentEntries of(String id) {
        RecentEntries here = local;
        return here != null && here.ingesterId().equals(id)
                ? here
                : remote.computeIfAbsent(id, i -> new RemoteIngester(client, i, new Address(i)));
    }

    @Override
    public boolean holds(String ingesterId) throws StoreException {
        return registry.read().stream().anyMatch(m -> m.holding() && m.id().equals(ingesterId));
    }

    /** All that were holding a moment ago; for those who look often and need not be exact. */
    public List<RecentEntries> known() {
        if (known.isEmpty() || System.nanoTime() - knownNanos > KNOWN_FOR_NANOS) {
            try {
                return holding();
            } catch (StoreException e) {
                System.getLogger(ClusterIngesters.class.getName())
                        .log(System.Logger.Level.WARNING, "the list of ingesters cannot be read", e);
            }
        }
        return known;
    }

    @Override
    public void close() {
        client.close();
    }
}
