/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.kube;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EphemeralContainer;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.skald.agent.discover.Discovery;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What a pod's object says about its containers, as labels for relabelling with the names that Prometheus has given them. */
final class PodTargets {
    static final String META = "__meta_kubernetes_";
    /** What the kubelet calls the directory of a static pod by: its uid is another than that of the pod that the API server shows. */
    private static final String CONFIG_HASH = "kubernetes.io/config.hash";

    private PodTargets() {}

    /** The uid in the name of a pod's directory of logs. */
    static String directoryUid(Pod pod) {
        Map<String, String> annotations = pod.getMetadata().getAnnotations();
        String hash = annotations == null ? null : annotations.get(CONFIG_HASH);
        return hash == null || hash.isEmpty() ? pod.getMetadata().getUid() : hash;
    }

    /**
     * A target for each container, also for those that initialise and debug.
     *
     * @param logs where the kubelet keeps the logs of pods
     */
    static List<Map<String, String>> of(Pod pod, Path logs) {
        ObjectMeta m = pod.getMetadata();
        Map<String, String> common = new TreeMap<>();
        put(common, "namespace", m.getNamespace());
        put(common, "pod_name", m.getName());
        put(common, "pod_uid", m.getUid());
        PodStatus status = pod.getStatus();
        if (status != null) {
            put(common, "pod_ip", status.getPodIP());
            put(common, "pod_host_ip", status.getHostIP());
            put(common, "pod_phase", status.getPhase());
            for (PodCondition c : status.getConditions()) {
                if ("Ready".equals(c.getType())) {
                    put(common, "pod_ready", c.getStatus().toLowerCase(Locale.ROOT));
                }
            }
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
        common.put("__address__", common.getOrDefault(META + "pod_ip", ""));
        List<Map<String, String>> targets = new ArrayList<>();
        if (pod.getSpec() == null) {
            return targets;
        }
        put(common, "pod_node_name", pod.getSpec().getNodeName());
        Path directory = logs.resolve(m.getNamespace() + "_" + m.getName() + "_" + directoryUid(pod));
        Map<String, String> ids = ids(status);
        for (Container c : pod.getSpec().getInitContainers()) {
            targets.add(container(common, directory, c.getName(), c.getImage(), true, ids));
        }
        for (Container c : pod.getSpec().getContainers()) {
            targets.add(container(common, directory, c.getName(), c.getImage(), false, ids));
        }
        for (EphemeralContainer c : pod.getSpec().getEphemeralContainers()) {
            targets.add(container(common, directory, c.getName(), c.getImage(), false, ids));
        }
        return targets;
    }

    /** The files of a container. */
    static String path(Path container) {
        return container + "/*.log";
    }

    private static Map<String, String> ids(@Nullable PodStatus status) {
        Map<String, String> ids = new HashMap<>();
        if (status != null) {
            Stream.of(
                            status.getInitContainerStatuses(),
                            status.getContainerStatuses(),
                            status.getEphemeralContainerStatuses())
                    .flatMap(List::stream)
                    .filter(s -> s.getContainerID() != null)
                    .forEach(s -> ids.put(s.getName(), s.getContainerID()));
        }
        return ids;
    }

    private static Map<String, String> container(
            Map<String, String> common,
            Path directory,
            String name,
            @Nullable String image,
            boolean init,
            Map<String, String> ids) {
        Map<String, String> t = new TreeMap<>(common);
        put(t, "pod_container_name", name);
        put(t, "pod_container_image", image);
        put(t, "pod_container_init", Boolean.toString(init));
        put(t, "pod_container_id", ids.get(name));
        t.put(Discovery.POD_PATH, path(directory.resolve(name)));
        return t;
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
}
