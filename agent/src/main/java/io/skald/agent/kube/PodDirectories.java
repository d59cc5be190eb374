/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.kube;

import io.skald.agent.discover.Discovery;
import io.skald.agent.discover.Glob;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What the directories of logs say about pods: {@code <namespace>_<pod>_<uid>/<container>/}. Thread-safe. */
final class PodDirectories {
    private static final int MAX_REMEMBERED = 10_000;

    private final Path root;
    private final Map<String, List<Map<String, String>>> remembered = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, List<Map<String, String>>> eldest) {
            return size() > MAX_REMEMBERED;
        }
    };

    PodDirectories(Path root) {
        this.root = root;
    }

    /** Keeps what was known of a pod that is gone, for as long as its directory is there. */
    synchronized void remember(String uid, List<Map<String, String>> targets) {
        remembered.put(uid, targets);
    }

    /** A target for each container that has a directory. */
    synchronized List<Map<String, String>> find(String node) {
        List<Map<String, String>> targets = new ArrayList<>();
        for (Path pod : Glob.children(root)) {
            String[] parts = pod.getFileName().toString().split("_", 3);
            if (parts.length != 3) {
                continue;
            }
            List<Map<String, String>> known = remembered.get(parts[2]);
            if (known != null) {
                targets.addAll(known);
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
                t.put(Discovery.PROVISIONAL, "true");
                targets.add(t);
            }
        }
        return targets;
    }
}
