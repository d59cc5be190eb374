/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.notify;

import io.prometheus.client.CollectorRegistry;
import io.skald.core.config.RulesSettings;
import io.skald.core.model.Labels;
import io.skald.querier.rules.eval.Outgoing;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Tells everybody who is to be told of alerts. Thread-safe. */
public final class Notifications implements Outgoing.Sink, AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Notifications.class.getName());

    private final RulesSettings settings;
    private final NotifyMetrics metrics;
    private final Labels externalLabels;
    private final AlertRelabelling relabel;
    private final List<URI> urls;
    private final HttpSender alertmanagers;
    private final List<Outbox> others = new ArrayList<>();
    private final News news = new News();
    private final CountDownLatch closed = new CountDownLatch(1);
    private final @Nullable Thread refresh;
    /** Outboxes of Alertmanagers by address; guarded by this. */
    private final Map<URI, Outbox> found = new LinkedHashMap<>();

    private Notifications(RulesSettings s, String externalUrl, CollectorRegistry registry) throws IOException {
        this.settings = s;
        this.metrics = new NotifyMetrics(registry, s.notificationQueueCapacity());
        this.externalLabels = externalLabels(s);
        this.relabel = s.alertRelabelFile().toString().isEmpty()
                ? AlertRelabelling.NOTHING
                : AlertRelabelling.parse(
                        s.alertRelabelFile().toString(),
                        Files.readString(s.alertRelabelFile(), StandardCharsets.UTF_8));
        this.urls = Discovery.urls(s.alertmanagerUrl());
        this.alertmanagers = new HttpSender(s.alertmanagerClient(), s.notificationTimeout());
        if (!s.webhook().url().isEmpty()) {
            HttpSender http = new HttpSender(s.webhook().client(), s.notificationTimeout());
            others.add(outbox(new Webhook(URI.create(s.webhook().url()), externalUrl, http)));
        }
        if (!s.email().smarthost().isEmpty()) {
            others.add(outbox(new Email(s.email(), s.notificationTimeout())));
        }
        this.refresh = s.enableAlertmanagerDiscovery() && !urls.isEmpty()
                ? Thread.ofVirtual().name("alertmanager discovery").unstarted(this::discover)
                : null;
    }

    /** The labels that all alerts and series get. */
    public static Labels externalLabels(RulesSettings s) {
        Labels.Builder b = new Labels.Builder();
        s.externalLabels().forEach(l -> b.set(l.substring(0, l.indexOf('=')), l.substring(l.indexOf('=') + 1)));
        return b.build();
    }

    /**
     * Begins to send what comes.
     *
     * @throws IllegalArgumentException if an address, a file of TLS or the relabelling cannot be used
     * @throws IOException if the file of the relabelling cannot be read
     */
    public static Notifications open(RulesSettings settings, String externalUrl, CollectorRegistry registry)
            throws IOException {
        Notifications n = new Notifications(settings, externalUrl, registry);
        n.others.forEach(Outbox::start);
        if (n.refresh == null) {
            n.use(n.urls);
        } else {
            n.refresh.start();
        }
        return n;
    }

    private Outbox outbox(Receiver r) {
        return new Outbox(r, settings.notificationQueueCapacity(), metrics);
    }

    /** Whether anybody is told. */
    public boolean anybody() {
        return !urls.isEmpty() || !others.isEmpty();
    }

    private void discover() {
        try {
            do {
                try {
                    use(Discovery.resolve(urls));
                } catch (SendException e) {
                    LOG.log(Level.WARNING, "Alertmanagers stay as they are: " + e.getMessage());
                }
            } while (!closed.await(settings.alertmanagerRefreshInterval().toNanos(), TimeUnit.NANOSECONDS));
        } catch (InterruptedException e) {
            LOG.log(Level.DEBUG, "discovery ends", e);
        }
    }

    private void use(List<URI> addresses) {
        List<Outbox> gone = new ArrayList<>();
        synchronized (this) {
            found.entrySet().removeIf(e -> {
                boolean old = !addresses.contains(e.getKey());
                if (old) {
                    gone.add(e.getValue());
                }
                return old;
            });
            for (URI u : addresses) {
                if (!found.containsKey(u) && closed.getCount() > 0) {
                    Outbox box = outbox(new Alertmanager(u, alertmanagers));
                    box.start();
                    found.put(u, box);
                }
            }
        }
        gone.forEach(Outbox::close);
    }

    @Override
    public synchronized void send(List<Outgoing> alerts) {
        List<Outgoing> out = new ArrayList<>();
        for (Outgoing a : alerts) {
            Labels labels = relabel.apply(withExternal(a.labels()));
            if (labels != null) {
                out.add(new Outgoing(
                        a.tenant(),
                        labels,
                        a.annotations(),
                        a.startsAtNanos(),
                        a.endsAtNanos(),
                        a.resolved(),
                        a.link()));
            }
        }
        found.values().forEach(b -> b.add(out));
        if (!others.isEmpty()) {
            List<Outgoing> told = news.of(out, System.nanoTime());
            if (!told.isEmpty()) {
                others.forEach(b -> b.add(told));
            }
        }
    }

    private Labels withExternal(Labels labels) {
        Labels.Builder b = new Labels.Builder();
        for (Labels each : List.of(externalLabels, labels)) {
            for (int i = 0; i < each.size(); i++) {
                b.set(each.name(i), each.value(i));
            }
        }
        return b.build();
    }

    /** Sends no more. Idempotent. */
    @Override
    public void close() {
        closed.countDown();
        if (refresh != null) {
            refresh.interrupt();
        }
        use(List.of());
        others.forEach(Outbox::close);
        alertmanagers.close();
    }
}
