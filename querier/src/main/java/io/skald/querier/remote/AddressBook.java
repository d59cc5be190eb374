/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.remote;

import io.skald.core.config.HostPort;
import io.skald.core.config.QuerierSettings;
import io.skald.core.model.StoreException;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import javax.naming.NamingException;
import org.jspecify.annotations.Nullable;

/** Finds ingesters by the names in the configuration: looks them up, and asks at every address who is there. Thread-safe. */
final class AddressBook {
    private static final System.Logger LOG = System.getLogger(AddressBook.class.getName());
    private static final String SRV = "srv:";
    /** How much sooner one looks again while an ingester is not found. */
    private static final int SOONER = 10;

    private final List<String> targets;
    private final Names names;
    private final IngesterClient client;
    private final long intervalNanos;
    private final ConcurrentHashMap<String, String> urls = new ConcurrentHashMap<>();
    private final Set<String> suspects = ConcurrentHashMap.newKeySet();
    /** Held while names are looked up. */
    private final ReentrantLock lock = new ReentrantLock();

    private volatile long lookedUpNanos;
    private volatile boolean lookedUp;

    AddressBook(QuerierSettings settings, IngesterClient client) {
        this.targets = settings.ingesters();
        this.names = new Names(settings.dnsServer());
        this.client = client;
        this.intervalNanos = settings.discoveryInterval().toNanos();
    }

    /** Where an ingester is, as a URL; null if it was not found. Looks again when it is unknown or the last look was long ago. */
    @Nullable
    String url(String id) {
        String known = urls.get(id);
        if (known != null && !due(id)) {
            return known;
        }
        if (known == null) {
            lock.lock();
        } else if (!lock.tryLock()) {
            // somebody is looking, which may take as long as an ingester that is silent; the old address may still be
            // right
            return known;
        }
        try {
            if (due(id)) {
                suspects.clear();
                lookUp();
                lookedUpNanos = System.nanoTime();
                lookedUp = true;
            }
        } finally {
            lock.unlock();
        }
        return urls.get(id);
    }

    private boolean due(String id) {
        long age = System.nanoTime() - lookedUpNanos;
        boolean soon = !urls.containsKey(id) || suspects.contains(id);
        return !lookedUp || age > (soon ? intervalNanos / SOONER : intervalNanos);
    }

    /** An ingester did not answer where it was found: the next look comes sooner. */
    void lost(String id) {
        suspects.add(id);
    }

    private void lookUp() {
        Set<String> found = new LinkedHashSet<>();
        for (String target : targets) {
            try {
                found.addAll(addresses(target));
            } catch (UnknownHostException | NamingException e) {
                LOG.log(Level.WARNING, "ingesters at {0} cannot be looked up: {1}", target, e);
            }
        }
        Map<String, String> now = new ConcurrentHashMap<>();
        List<Thread> asking = new ArrayList<>();
        for (String url : found) {
            asking.add(Thread.ofVirtual().name("who-" + url).start(() -> {
                try {
                    now.put(client.who(url).ingesterId(), url);
                } catch (StoreException e) {
                    LOG.log(Level.DEBUG, "nobody answers at " + url, e);
                }
            }));
        }
        try {
            for (Thread t : asking) {
                t.join();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return;
        }
        urls.keySet().retainAll(now.keySet());
        urls.putAll(now);
    }

    /** The URLs of all addresses of a name. */
    private List<String> addresses(String target) throws UnknownHostException, NamingException {
        List<HostPort> named = target.startsWith(SRV)
                ? names.services(target.substring(SRV.length()))
                : List.of(HostPort.parse(target));
        List<String> urls = new ArrayList<>();
        for (HostPort h : named) {
            for (InetAddress a : names.addresses(h.host())) {
                urls.add("http://" + new HostPort(a.getHostAddress(), h.port()));
            }
        }
        return urls;
    }
}
