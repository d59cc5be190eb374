/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.remote;

import io.skald.core.config.HostPort;
import io.skald.core.model.StoreException;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Hashtable;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import javax.naming.NamingEnumeration;
import javax.naming.NamingException;
import javax.naming.directory.Attribute;
import javax.naming.directory.InitialDirContext;
import org.jspecify.annotations.Nullable;

/** Finds ingesters by the names in the configuration: looks them up, and asks at every address who is there. Thread-safe. */
final class AddressBook {
    private static final System.Logger LOG = System.getLogger(AddressBook.class.getName());
    private static final String SRV = "srv:";

    private final List<String> targets;
    private final IngesterClient client;
    private final long intervalNanos;
    private final ConcurrentHashMap<String, String> urls = new ConcurrentHashMap<>();
    private final ReentrantLock lock = new ReentrantLock();
    private long lookedUpNanos;
    private boolean lookedUp;

    AddressBook(List<String> targets, Duration interval, IngesterClient client) {
        this.targets = targets;
        this.client = client;
        this.intervalNanos = interval.toNanos();
    }

    /** Where an ingester is, as a URL; null if it was not found. Looks again when it is unknown or the last look was long ago. */
    @Nullable
    String url(String id) {
        String known = urls.get(id);
        lock.lock();
        try {
            long age = System.nanoTime() - lookedUpNanos;
            boolean due = !lookedUp || age > intervalNanos || known == null && age > intervalNanos / 10;
            if (due) {
                lookUp();
                lookedUp = true;
                lookedUpNanos = System.nanoTime();
            }
        } finally {
            lock.unlock();
        }
        return urls.get(id);
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
    static List<String> addresses(String target) throws UnknownHostException, NamingException {
        List<HostPort> named = new ArrayList<>();
        if (target.startsWith(SRV)) {
            named.addAll(services(target.substring(SRV.length())));
        } else {
            named.add(HostPort.parse(target));
        }
        List<String> urls = new ArrayList<>();
        for (HostPort h : named) {
            for (InetAddress a : InetAddress.getAllByName(h.host())) {
                urls.add("http://" + new HostPort(a.getHostAddress(), h.port()));
            }
        }
        return urls;
    }

    /** Names are those of the configuration, and records of this type are text: nothing is deserialized. */
    @SuppressWarnings({"BanJNDI", "JdkObsolete"})
    private static List<HostPort> services(String name) throws NamingException {
        Hashtable<String, String> env = new Hashtable<>();
        env.put("java.naming.factory.initial", "com.sun.jndi.dns.DnsContextFactory");
        List<HostPort> found = new ArrayList<>();
        InitialDirContext dns = new InitialDirContext(env);
        try {
            Attribute srv = dns.getAttributes(name, new String[] {"SRV"}).get("SRV");
            if (srv != null) {
                NamingEnumeration<?> all = srv.getAll();
                while (all.hasMore()) {
                    found.add(service(String.valueOf(all.next())));
                }
            }
        } finally {
            dns.close();
        }
        return found;
    }

    /** Reads {@code PRIORITY WEIGHT PORT TARGET}. */
    static HostPort service(String record) throws NamingException {
        String[] parts = record.split(" ");
        try {
            String host = parts[3].endsWith(".") ? parts[3].substring(0, parts[3].length() - 1) : parts[3];
            return new HostPort(host, Integer.parseInt(parts[2]));
        } catch (ArrayIndexOutOfBoundsException | IllegalArgumentException e) {
            NamingException n = new NamingException("SRV record '" + record + "'");
            n.initCause(e);
            throw n;
        }
    }
}
