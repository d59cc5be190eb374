/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.kube;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.dsl.FilterWatchListDeletable;
import io.fabric8.kubernetes.client.dsl.PodResource;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.skald.agent.discover.Discovery;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * {@code kubernetes_sd_configs} with the role pod: the pods of the own node, one target for each container. The API server is watched; pods that
 * it does not tell of, because it is down or they were gone too soon, are found by the directories of their logs. Thread-safe.
 */
public final class KubernetesDiscovery implements Discovery {
    private static final System.Logger LOG = System.getLogger(KubernetesDiscovery.class.getName());
    private final KubernetesSettings settings;
    private final PodDirectories directories;
    private final PodLogWatch watch;
    /** By the uids in the names of directories; guarded by this. */
    private final Map<String, List<Map<String, String>>> byUid = new LinkedHashMap<>();

    private volatile Runnable changed = () -> {};
    private volatile boolean closed;
    private volatile String problem = "";
    /** Guarded by this. */
    private @Nullable KubernetesClient client;

    private final List<SharedIndexInformer<Pod>> informers = new CopyOnWriteArrayList<>();

    public KubernetesDiscovery(KubernetesSettings settings) {
        this.settings = settings;
        this.directories = new PodDirectories(settings.podLogs(), settings.metadataWait());
        this.watch = new PodLogWatch(settings.podLogs(), () -> changed.run());
    }

    @Override
    public synchronized List<Map<String, String>> targets() {
        List<Map<String, String>> all = new ArrayList<>();
        byUid.values().forEach(all::addAll);
        if (settings.labelSelector().isEmpty() && settings.fieldSelector().isEmpty()) {
            for (Map<String, String> t : directories.find(settings.nodeName(), byUid.keySet())) {
                String namespace = t.getOrDefault(PodTargets.META + "namespace", "");
                if (settings.namespaces().isEmpty() || settings.namespaces().contains(namespace)) {
                    all.add(t);
                }
            }
        }
        return all;
    }

    @Override
    public void start(Runnable onChange) {
        changed = onChange;
        watch.start();
        Thread.ofPlatform().daemon().name("skald-agent-kube").start(this::watch);
    }

    @Override
    public String type() {
        return "kubernetes_sd";
    }

    @Override
    public String problem() {
        return problem;
    }

    private void watch() {
        try {
            KubernetesClient c =
                    new KubernetesClientBuilder().withConfig(config()).build();
            synchronized (this) {
                client = c;
                if (closed) {
                    c.close();
                    return;
                }
            }
            List<String> namespaces = new ArrayList<>(settings.namespaces());
            if (namespaces.isEmpty()) {
                inform(c.pods().inAnyNamespace());
            }
            for (String ns : namespaces) {
                inform(c.pods().inNamespace(ns));
            }
        } catch (IOException | RuntimeException e) {
            problem = "cannot watch pods, those are followed that have directories of logs: " + e;
            LOG.log(System.Logger.Level.WARNING, problem);
        }
    }

    private void inform(FilterWatchListDeletable<Pod, ?, PodResource> pods) {
        FilterWatchListDeletable<Pod, ?, PodResource> selected = pods;
        if (!settings.nodeName().isEmpty()) {
            selected = selected.withField("spec.nodeName", settings.nodeName());
        }
        for (String field : settings.fieldSelector().split(",")) {
            int eq = field.indexOf('=');
            if (eq > 0) {
                selected = selected.withField(
                        field.substring(0, eq).replace("!", ""),
                        field.substring(eq + 1).replaceFirst("^=", ""));
            }
        }
        if (!settings.labelSelector().isEmpty()) {
            selected = selected.withLabelSelector(settings.labelSelector());
        }
        SharedIndexInformer<Pod> informer = selected.runnableInformer(0);
        // the API server may be down for as long as it likes
        informer.exceptionHandler((started, e) -> {
            problem = "watching pods is tried again: " + e;
            LOG.log(System.Logger.Level.INFO, problem);
            return !closed;
        });
        informer.addEventHandler(new Handler());
        informers.add(informer);
        if (informer.start().toCompletableFuture().isCompletedExceptionally()) {
            LOG.log(System.Logger.Level.INFO, "the API server cannot be reached yet");
        }
    }

    private Config config() throws IOException {
        Config c = settings.kubeconfig() != null
                ? Config.fromKubeconfig(settings.kubeconfig().toFile())
                : settings.apiServer() != null ? Config.empty() : Config.autoConfigure(null);
        ConfigBuilder b = new ConfigBuilder(c);
        if (settings.apiServer() != null) {
            b.withMasterUrl(settings.apiServer());
        }
        if (settings.token() != null) {
            b.withOauthToken(settings.token());
        } else if (settings.tokenFile() != null) {
            b.withOauthToken(Files.readString(settings.tokenFile()).strip());
        }
        if (settings.tls().ca() != null) {
            b.withCaCertFile(settings.tls().ca().toString());
        }
        if (settings.tls().cert() != null && settings.tls().key() != null) {
            b.withClientCertFile(settings.tls().cert().toString());
            b.withClientKeyFile(settings.tls().key().toString());
        }
        if (settings.tls().insecure()) {
            b.withTrustCerts(true);
        }
        // plain HTTP goes through every proxy, and what it brings is not sized by frames
        return b.withOnlyHttpWatches(true)
                .withWatchReconnectInterval(1000)
                .withWatchReconnectLimit(-1)
                .build();
    }

    /** Keeps the pods that the API server tells of. */
    private final class Handler implements ResourceEventHandler<Pod> {
        @Override
        public void onAdd(Pod pod) {
            problem = "";
            onUpdate(pod, pod);
        }

        @Override
        public void onUpdate(Pod old, Pod pod) {
            List<Map<String, String>> now = PodTargets.of(pod, settings.podLogs());
            boolean news;
            synchronized (KubernetesDiscovery.this) {
                news = !now.equals(byUid.put(PodTargets.directoryUid(pod), now));
            }
            if (news) {
                changed.run();
            }
        }

        @Override
        public void onDelete(Pod pod, boolean unknown) {
            // what it has written last may still have to be found; its directory goes later than it
            String uid = PodTargets.directoryUid(pod);
            synchronized (KubernetesDiscovery.this) {
                directories.remember(uid, PodTargets.of(pod, settings.podLogs()));
                byUid.remove(uid);
            }
            changed.run();
        }
    }

    @Override
    public void close() {
        watch.close();
        synchronized (this) {
            closed = true;
            informers.forEach(SharedIndexInformer::stop);
            if (client != null) {
                client.close();
            }
        }
    }
}
