/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.config;

import java.time.Duration;
import java.util.List;

/** What the querier does at once. */
public record QuerierSettings(
        @Setting(
                value =
                        "Most queries that run at once; the others wait, and a free place goes to the tenant that has the fewest.",
                min = "1")
        int maxConcurrent,

        @Setting(value = "Most queries of one tenant that wait. Beyond it 429 with `Retry-After`, at once.", min = "1")
        int maxOutstandingRequestsPerTenant,

        @Setting(
                "Where ingesters are, with `storage.index: dynamodb`: `HOST:PORT` for each address that a name has (a headless service), "
                        + "`srv:NAME` for SRV records. Empty: where they say themselves (`ingester.advertise`).")
        List<String> ingesters,

        @Setting(value = "How often the names in `ingesters` are looked up.", min = "1s")
        Duration discoveryInterval,

        @Setting(
                "`HOST:PORT` of the name server to look the names in `ingesters` up at, such as Consul's `127.0.0.1:8600`. Empty: as the system does.")
        String dnsServer,

        @Setting(
                value =
                        "How long an ingester may take to answer. One that does not leaves a warning in the answer to the query.",
                min = "100ms",
                max = "5m")
        Duration ingesterTimeout,

        @Setting(
                "`HOST` or `HOST:PORT` where the other queriers reach this one, with `storage.index: dynamodb`, to ask for the state of the "
                        + "rules that it evaluates. Empty: the address where it listens, or this machine's if it listens on all.")
        String advertise) {
    public static final QuerierSettings DEFAULTS =
            new QuerierSettings(16, 2048, List.of(), Duration.ofSeconds(10), "", Duration.ofSeconds(15), "");

    public QuerierSettings {
        if (!advertise.isEmpty()) {
            HostPort.parse(advertise);
        }
        if (!dnsServer.isEmpty() && HostPort.parse(dnsServer).port() == 0) {
            throw new IllegalArgumentException("dns_server: '" + dnsServer + "' has no port");
        }
        ingesters = List.copyOf(ingesters);
        for (String i : ingesters) {
            if (!i.startsWith("srv:") && HostPort.parse(i).port() == 0) {
                throw new IllegalArgumentException("ingesters: '" + i + "' has no port");
            }
        }
    }
}
