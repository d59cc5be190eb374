/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.notify;

import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Hashtable;
import java.util.List;
import java.util.TreeSet;
import javax.naming.NamingEnumeration;
import javax.naming.NamingException;
import javax.naming.directory.Attribute;
import javax.naming.directory.InitialDirContext;

/** Addresses of Alertmanagers. */
final class Discovery {
    private Discovery() {}

    /**
     * The addresses that a setting names.
     *
     * @param setting URLs separated by commas
     * @throws IllegalArgumentException if one is not an http or https URL
     */
    static List<URI> urls(String setting) {
        List<URI> out = new ArrayList<>();
        for (String s : setting.split(",", -1)) {
            if (!s.isBlank()) {
                URI u = URI.create(s.strip());
                if (u.getAuthority() == null || !"http".equals(u.getScheme()) && !"https".equals(u.getScheme())) {
                    throw new IllegalArgumentException(
                            "rules.alertmanager_url: '" + s.strip() + "' is not an http or https URL");
                }
                out.add(u);
            }
        }
        return out;
    }

    /**
     * Every address behind the names of URLs, sorted.
     *
     * @throws SendException if DNS does not answer
     */
    static List<URI> resolve(List<URI> urls) throws SendException {
        return resolve(urls, "");
    }

    /** @param dns the server to ask for SRV records, as {@code dns://HOST:PORT}; empty for the system's */
    static List<URI> resolve(List<URI> urls, String dns) throws SendException {
        TreeSet<URI> out = new TreeSet<>();
        for (URI u : urls) {
            String host = u.getAuthority().replaceAll("^[^@]*@", "").replaceAll(":[0-9]+$", "");
            if (host.startsWith("_")) {
                for (String target : services(host, dns)) {
                    out.add(at(u, target));
                }
            } else {
                int port = u.getPort();
                for (String address : addresses(host)) {
                    out.add(at(u, address + (port < 0 ? "" : ":" + port)));
                }
            }
        }
        return List.copyOf(out);
    }

    private static URI at(URI u, String authority) {
        String user = u.getRawAuthority().contains("@") ? u.getRawAuthority().replaceAll("@.*", "@") : "";
        return URI.create(u.getScheme() + "://" + user + authority + (u.getRawPath() == null ? "" : u.getRawPath()));
    }

    private static List<String> addresses(String host) throws SendException {
        try {
            List<String> out = new ArrayList<>();
            for (InetAddress a : InetAddress.getAllByName(host)) {
                String text = a.getHostAddress();
                out.add(text.indexOf(':') >= 0 ? "[" + text + "]" : text);
            }
            return out;
        } catch (UnknownHostException e) {
            throw new SendException("no address of " + host + " in DNS", true, e);
        }
    }

    /** JNDI's provider for DNS gives text and nothing else; there is no object to be made of it. */
    @SuppressWarnings({"BanJNDI", "JdkObsolete"})
    private static List<String> services(String name, String dns) throws SendException {
        Hashtable<String, String> env = new Hashtable<>();
        env.put("java.naming.factory.initial", "com.sun.jndi.dns.DnsContextFactory");
        if (!dns.isEmpty()) {
            env.put("java.naming.provider.url", dns);
        }
        try {
            InitialDirContext context = new InitialDirContext(env);
            try {
                Attribute found =
                        context.getAttributes(name, new String[] {"SRV"}).get("SRV");
                List<String> out = new ArrayList<>();
                if (found != null) {
                    NamingEnumeration<?> all = found.getAll();
                    while (all.hasMore()) {
                        // priority, weight, port, host
                        String[] parts = String.valueOf(all.next()).split(" ", -1);
                        out.add(parts[3].replaceAll("\\.$", "") + ":" + parts[2]);
                    }
                }
                return out;
            } finally {
                context.close();
            }
        } catch (NamingException e) {
            throw new SendException("no SRV record of " + name + " in DNS: " + e.getMessage(), true, e);
        }
    }
}
