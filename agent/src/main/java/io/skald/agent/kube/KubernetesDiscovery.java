/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.kube;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.OwnerReference;
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
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * {@code kubernetes_sd_configs} with the role pod: the pods of the own node, one target for each container. The API server is watched; pods that
 * it does not tell of, because it is down or they were gone too soon, are found by the directories of their logs. Thread-safe.
 */
public final class KubernetesDiscovery implements Discovery {
    private static final System.Logger LOG = System.getLogger(KubernetesDiscovery.class.getName());
    private static final String META = "__meta_kubernetes_";

    private final KubernetesSettings settings;
    private final PodDirectories directories;
    private final Map<String, List<Map<String, String>>> byUid = new ConcurrentHashMap<>();
    private volatile Runnable changed = () -> {};
    private volatile boolean closed;
    private @Nullable KubernetesClient client;

    public KubernetesDiscovery(KubernetesSettings settings) {
        this(settings, Path.of("/var/log/pods"));
    }

    /** @param logs where the kubelet keeps the logs of pods */
    public KubernetesDiscovery(KubernetesSettings settings, Path logs) {
        this.settings = settings;
        this.directories = new PodDirectories(logs);
    }

    @Override
    public List<Map<String, String>> targets() {
        List<Map<String, String>> all = new ArrayList<>();
        byUid.values().forEach(all::addAll);
        for (Map<String, String> t : directories.find(settings.nodeName())) {
            String uid = t.getOrDefault(META + "pod_uid", "");
            String namespace = t.getOrDefault(META + "namespace", "");
            boolean wanted =
                    settings.namespaces().isEmpty() || settings.namespaces().contains(namespace);
            if (wanted && !byUid.containsKey(uid) && settings.labelSelector().isEmpty()) {
                all.add(t);
            }
        }
        return all;
    }

    @Override
    public void start(Runnable onChange) {
        changed = onChange;
        Thread.ofPlatform().daemon().name("skald-agent-kube").start(this::watch);
    }

    private void watch() {
        if (closed) {
            return;
        }
        try {
            KubernetesClient c =
                    new KubernetesClientBuilder().withConfig(config()).build();
            client = c;
            List<String> namespaces = new ArrayList<>(settings.namespaces());
            if (namespaces.isEmpty()) {
                inform(c.pods().inAnyNamespace());
            }
            for (String ns : namespaces) {
                inform(c.pods().inNamespace(ns));
            }
        } catch (IOException | RuntimeException e) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    () -> "cannot watch pods, those are followed that have directories of logs: " + e);
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
            LOG.log(System.Logger.Level.INFO, () -> "watching pods is tried again: " + e);
            return !closed;
        });
        informer.addEventHandler(new Handler());
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
        if (settings.tls().insecure()) {
            b.withTrustCerts(true);
        }
        return b.withWatchReconnectInterval(1000).withWatchReconnectLimit(-1).build();
    }

    /** Keeps the pods that the API server tells of. */
    private final class Handler implements ResourceEventHandler<Pod> {
        @Override
        public void onAdd(Pod pod) {
            byUid.put(pod.getMetadata().getUid(), targetsOf(pod));
            changed.run();
        }

        @Override
        public void onUpdate(Pod old, Pod pod) {
            List<Map<String, String>> now = targetsOf(pod);
            if (!now.equals(byUid.put(pod.getMetadata().getUid(), now))) {
                changed.run();
            }
        }

        @Override
        public void onDelete(Pod pod, boolean unknown) {
            // what it has written last may still have to be found; its directory goes later than it
            directories.remember(pod.getMetadata().getUid(), targetsOf(pod));
            byUid.remove(pod.getMetadata().getUid());
            changed.run();
        }
    }

    static List<Map<String, String>> targetsOf(Pod pod) {
        ObjectMeta m = pod.getMetadata();
        Map<String, String> common = new TreeMap<>();
        put(common, "namespace", m.getNamespace());
        put(common, "pod_name", m.getName());
        put(common, "pod_uid", m.getUid());
        if (pod.getSpec() != null) {
            put(common, "pod_node_name", pod.getSpec().getNodeName());
        }
        if (pod.getStatus() != null) {
            put(common, "pod_ip", pod.getStatus().getPodIP());
            put(common, "pod_host_ip", pod.getStatus().getHostIP());
            put(common, "pod_phase", pod.getStatus().getPhase());
        }
        named(common, "pod_label", m.getLabels());
        named(common, "pod_annotation", m.getAnnotations());
        if (m.getOwnerReferences() != null) {
            for (OwnerReference o : m.getOwnerReferences()) {
                if (Boolean.TRUE.equals(o.getController())) {
                    put(common, "pod_controller_kind", o.getKind());
                    put(common, "pod_controller_name", o.getName());
                }
            }
        }
        List<Map<String, String>> targets = new ArrayList<>();
        if (pod.getSpec() != null) {
            containers(pod, pod.getSpec().getInitContainers(), true, common, targets);
            containers(pod, pod.getSpec().getContainers(), false, common, targets);
        }
        return targets;
    }

    private static void containers(
            Pod pod,
            @Nullable List<Container> containers,
            boolean init,
            Map<String, String> common,
            List<Map<String, String>> to) {
        if (containers == null) {
            return;
        }
        for (Container c : containers) {
            Map<String, String> t = new TreeMap<>(common);
            put(t, "pod_container_name", c.getName());
            put(t, "pod_container_image", c.getImage());
            put(t, "pod_container_init", Boolean.toString(init));
            if (pod.getStatus() != null && pod.getStatus().getContainerStatuses() != null) {
                for (ContainerStatus s : pod.getStatus().getContainerStatuses()) {
                    if (c.getName().equals(s.getName())) {
                        put(t, "pod_container_id", s.getContainerID());
                    }
                }
            }
            String ip = t.getOrDefault(META + "pod_ip", "");
            t.put("__address__", ip);
            to.add(t);
        }
    }

    private static void named(Map<String, String> to, String kind, @Nullable Map<String, String> values) {
        if (values != null) {
            values.forEach((k, v) -> {
                String name = k.replaceAll("[^A-Za-z0-9_]", "_");
                to.put(META + kind + "_" + name, v == null ? "" : v);
                to.put(META + kind + "present_" + name, "true");
            });
        }
    }

    private static void put(Map<String, String> to, String name, @Nullable String value) {
        if (value != null && !value.isEmpty()) {
            to.put(META + name, value);
        }
    }

    @Override
    public void close() {
        closed = true;
        KubernetesClient c = client;
        if (c != null) {
            c.close();
        }
    }
}
