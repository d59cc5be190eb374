/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.kube;

import io.skald.agent.discover.Discovery;
import io.skald.agent.discover.Glob;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/** What the directories of logs say about pods: {@code <namespace>_<pod>_<uid>/<container>/}. Thread-safe. */
final class PodDirectories {
    private static final int MAX_REMEMBERED = 1000;
    /** How long a pod is remembered that has no directory: its files may be open, and wait for what is known of it. */
    private static final long REMEMBERED_NANOS = TimeUnit.SECONDS.toNanos(60);

    /** A pod that is gone. */
    private record Gone(List<Map<String, String>> targets, long sinceNanos) {}

    private final Path root;
    private final String wait;
    private final Map<String, Gone> remembered = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Gone> eldest) {
            return size() > MAX_REMEMBERED;
        }
    };

    /** @param wait how long files wait for what the API server says of their pod */
    PodDirectories(Path root, Duration wait) {
        this.root = root;
        this.wait = Long.toString(wait.toNanos());
    }

    /**
     * Keeps what was known of a pod that is gone, for as long as its directory is there and some time more.
     *
     * @param uid the one in the directory's name
     */
    synchronized void remember(String uid, List<Map<String, String>> targets) {
        remembered.put(uid, new Gone(targets, System.nanoTime()));
    }

    /**
     * A target for each container that has a directory, and for those of pods that are gone since a moment.
     *
     * @param told pods that need not be looked at, by the uids in the directories' names
     */
    synchronized List<Map<String, String>> find(String node, Set<String> told) {
        List<Map<String, String>> targets = new ArrayList<>();
        Set<String> there = new HashSet<>();
        for (Path pod : Glob.children(root)) {
            String[] parts = pod.getFileName().toString().split("_", 3);
            if (parts.length != 3 || told.contains(parts[2])) {
                continue;
            }
            there.add(parts[2]);
            if (remembered.containsKey(parts[2])) {
                continue;
            }
            for (Path container : Glob.children(pod)) {
                if (!Files.isDirectory(container)) {
                    continue;
                }
                Map<String, String> t = new TreeMap<>();
                t.put("__meta_kubernetes_namespace", parts[0]);
                t.put("__meta_kubernetes_pod_name", parts[1]);
                t.put("__meta_kubernetes_pod_uid", parts[2]);
                t.put(
                        "__meta_kubernetes_pod_container_name",
                        container.getFileName().toString());
                if (!node.isEmpty()) {
                    t.put("__meta_kubernetes_pod_node_name", node);
                }
                t.put(Discovery.POD_PATH, PodTargets.path(container));
                t.put(Discovery.PROVISIONAL, wait);
                targets.add(t);
            }
        }
        long now = System.nanoTime();
        remembered
                .entrySet()
                .removeIf(e -> told.contains(e.getKey())
                        || !there.contains(e.getKey()) && now - e.getValue().sinceNanos > REMEMBERED_NANOS);
        remembered.values().forEach(g -> targets.addAll(g.targets));
        return targets;
    }
}
