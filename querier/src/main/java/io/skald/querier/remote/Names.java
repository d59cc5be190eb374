/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.remote;

import io.skald.core.config.HostPort;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Hashtable;
import java.util.List;
import javax.naming.NameNotFoundException;
import javax.naming.NamingEnumeration;
import javax.naming.NamingException;
import javax.naming.directory.Attribute;
import javax.naming.directory.InitialDirContext;

/** Looks names up: as the system does, or at one name server. Thread-safe; calls block. */
final class Names {
    /** Doubled with each of the retries: a server that is silent costs three and a half seconds. */
    private static final String FIRST_TIMEOUT_MILLIS = "500";

    private static final String ATTEMPTS = "3";

    private final String server;

    /** @param server {@code HOST:PORT}; empty for what the system uses */
    Names(String server) {
        this.server = server;
    }

    /** All addresses of a host. */
    List<InetAddress> addresses(String host) throws UnknownHostException, NamingException {
        if (server.isEmpty() || isAddress(host)) {
            return List.of(InetAddress.getAllByName(host));
        }
        List<InetAddress> found = new ArrayList<>();
        for (String a : records(host, "A")) {
            found.add(InetAddress.ofLiteral(a));
        }
        for (String a : records(host, "AAAA")) {
            found.add(InetAddress.ofLiteral(a));
        }
        if (found.isEmpty()) {
            throw new NameNotFoundException("no address of " + host);
        }
        return found;
    }

    private static boolean isAddress(String host) {
        try {
            InetAddress.ofLiteral(host);
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    /** Hosts and ports of a service. */
    List<HostPort> services(String name) throws NamingException {
        List<HostPort> found = new ArrayList<>();
        for (String record : records(name, "SRV")) {
            found.add(service(record));
        }
        if (found.isEmpty()) {
            throw new NameNotFoundException("no service " + name);
        }
        return found;
    }

    /** Names are those of the configuration, and records of these types are text: nothing is deserialized. */
    @SuppressWarnings({"BanJNDI", "JdkObsolete"})
    private List<String> records(String name, String type) throws NamingException {
        Hashtable<String, String> env = new Hashtable<>();
        env.put("java.naming.factory.initial", "com.sun.jndi.dns.DnsContextFactory");
        env.put("com.sun.jndi.dns.timeout.initial", FIRST_TIMEOUT_MILLIS);
        env.put("com.sun.jndi.dns.timeout.retries", ATTEMPTS);
        if (!server.isEmpty()) {
            env.put("java.naming.provider.url", "dns://" + server);
        }
        List<String> found = new ArrayList<>();
        InitialDirContext dns = new InitialDirContext(env);
        try {
            Attribute records = dns.getAttributes(name, new String[] {type}).get(type);
            if (records != null) {
                NamingEnumeration<?> all = records.getAll();
                while (all.hasMore()) {
                    found.add(String.valueOf(all.next()));
                }
            }
        } catch (NameNotFoundException e) {
            // the same as no records
            return List.of();
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
