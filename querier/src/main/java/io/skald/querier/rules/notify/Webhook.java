/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.notify;

import io.skald.querier.rules.eval.Outgoing;
import java.net.URI;
import java.util.List;
import java.util.Map;

/** A webhook like those of Alertmanager. */
final class Webhook implements Receiver {
    private final URI url;
    private final String externalUrl;
    private final HttpSender http;

    Webhook(URI url, String externalUrl, HttpSender http) {
        this.url = url;
        this.externalUrl = externalUrl;
        this.http = http;
    }

    @Override
    public String name() {
        return "webhook " + url.getHost();
    }

    @Override
    public int mostAtOnce() {
        return 100;
    }

    @Override
    public void send(List<Outgoing> alerts) throws SendException, InterruptedException {
        http.post(url, AlertJson.webhook(alerts, externalUrl), Map.of("Content-Type", "application/json"));
    }

    @Override
    public void close() {
        http.close();
    }
}
