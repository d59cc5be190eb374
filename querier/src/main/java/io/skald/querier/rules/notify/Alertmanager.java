/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.notify;

import io.skald.querier.rules.eval.Outgoing;
import java.net.URI;
import java.util.List;
import java.util.Map;

/** One Alertmanager. */
final class Alertmanager implements Receiver {
    private final URI base;
    private final URI alerts;
    private final HttpSender http;

    /** @param http shared; closed by who made it */
    Alertmanager(URI base, HttpSender http) {
        this.base = base;
        this.alerts = URI.create(base.toString().replaceAll("/+$", "") + "/api/v2/alerts");
        this.http = http;
    }

    @Override
    public String name() {
        return "alertmanager " + base.getAuthority().replaceAll("^[^@]*@", "");
    }

    @Override
    public int mostAtOnce() {
        return 64;
    }

    @Override
    public void send(List<Outgoing> batch) throws SendException, InterruptedException {
        http.post(alerts, AlertJson.alertmanager(batch), Map.of("Content-Type", "application/json"));
    }
}
