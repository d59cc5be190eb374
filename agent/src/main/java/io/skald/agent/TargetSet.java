/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent;

import io.skald.agent.config.ScrapeJob;
import io.skald.agent.discover.Discovery;
import io.skald.agent.discover.Glob;
import io.skald.agent.tail.FileJob;
import io.skald.agent.tail.Target;
import io.skald.core.model.Labels;
import io.skald.core.model.Relabel;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The files of all jobs, as discovery and relabelling have them now. Thread-safe. */
final class TargetSet implements Supplier<List<Target>> {
    private static final System.Logger LOG = System.getLogger(TargetSet.class.getName());
    private static final String META = "__meta_kubernetes_";
    /** Labels of targets that begin with this become metadata of entries. */
    private static final String METADATA = "__metadata_";

    private final List<ScrapeJob> jobs;
    private final String host;
    private final Map<ScrapeJob, FileJob> fileJobs = new HashMap<>();
    private Map<Key, Target> cache = new HashMap<>();

    private record Key(ScrapeJob job, Map<String, String> labels) {}

    /** @param host targets whose {@code __host__} is another are not followed */
    TargetSet(List<ScrapeJob> jobs, String host) {
        this.jobs = jobs;
        this.host = host;
        for (ScrapeJob j : jobs) {
            fileJobs.put(j, new FileJob(j.name(), j.pipeline(), j.filenameLabel(), j.origin()));
        }
    }

    void start(Runnable changed) {
        jobs.forEach(j -> j.discoveries().forEach(d -> d.start(changed)));
    }

    void close() {
        for (ScrapeJob j : jobs) {
            for (Discovery d : j.discoveries()) {
                try {
                    d.close();
                } catch (Exception e) {
                    LOG.log(System.Logger.Level.WARNING, () -> "closing a discovery of " + j.name() + ": " + e);
                }
            }
        }
    }

    @Override
    public synchronized List<Target> get() {
        Map<Key, Target> now = new LinkedHashMap<>();
        for (ScrapeJob j : jobs) {
            for (Discovery d : j.discoveries()) {
                for (Map<String, String> labels : d.targets()) {
                    Key key = new Key(j, labels);
                    Target t = cache.get(key);
                    if (t == null) {
                        t = target(j, labels);
                    }
                    if (t != null) {
                        now.put(key, t);
                    }
                }
            }
        }
        cache = now;
        return new ArrayList<>(now.values());
    }

    private @Nullable Target target(ScrapeJob job, Map<String, String> found) {
        Map<String, String> start = new TreeMap<>(found);
        if (job.relabel().isEmpty() && found.containsKey(META + "pod_uid")) {
            pod(start);
        }
        Map<String, String> made = Relabel.apply(job.relabel(), start);
        if (made == null || !made.containsKey("__path__")) {
            return null;
        }
        String wanted = made.get("__host__");
        if (wanted != null && !wanted.equals(host)) {
            return null;
        }
        try {
            Labels.Builder labels = new Labels.Builder();
            Labels.Builder metadata = new Labels.Builder();
            made.forEach((name, value) -> {
                if (name.startsWith(METADATA)) {
                    metadata.set(name.substring(METADATA.length()), value);
                } else if (!name.startsWith("__")) {
                    labels.set(name, value);
                }
            });
            String exclude = made.get("__path_exclude__");
            return new Target(
                    Objects.requireNonNull(fileJobs.get(job)),
                    List.of(new Glob(made.get("__path__"))),
                    exclude == null ? null : new Glob(exclude),
                    labels.build(),
                    metadata.build(),
                    Long.parseLong(found.getOrDefault(Discovery.PROVISIONAL, "0")));
        } catch (IllegalArgumentException e) {
            LOG.log(System.Logger.Level.WARNING, () -> "a target of " + job.name() + " is left out: " + e.getMessage());
            return null;
        }
    }

    /** What pods get without rules: few labels that do not change with every pod; the rest is metadata. */
    private static void pod(Map<String, String> t) {
        String namespace = t.getOrDefault(META + "namespace", "");
        String pod = t.getOrDefault(META + "pod_name", "");
        String uid = t.getOrDefault(META + "pod_uid", "");
        String container = t.getOrDefault(META + "pod_container_name", "");
        String controller = t.getOrDefault(META + "pod_controller_name", "");
        String app = first(
                t.get(META + "pod_label_app_kubernetes_io_name"),
                t.get(META + "pod_label_app"),
                withoutHash(controller),
                container);
        t.put("namespace", namespace);
        t.put("container", container);
        t.put("app", app);
        put(t, "node", t.get(META + "pod_node_name"));
        t.put(METADATA + "pod", pod);
        t.put(METADATA + "pod_uid", uid);
        put(t, METADATA + "image", t.get(META + "pod_container_image"));
        if (!"true".equals(t.get(META + "pod_annotation_skald_io_exclude"))) {
            put(t, "__path__", t.get(Discovery.POD_PATH));
        }
    }

    private static void put(Map<String, String> t, String name, @Nullable String value) {
        if (value != null && !value.isEmpty()) {
            t.put(name, value);
        }
    }

    private static String first(@Nullable String... values) {
        for (String v : values) {
            if (v != null && !v.isEmpty()) {
                return v;
            }
        }
        return "";
    }

    /** {@code web-5d4f8c7b9}, as replica sets are called, is {@code web}. */
    private static String withoutHash(String controller) {
        return controller.replaceFirst("-[a-z0-9]{6,10}$", "");
    }
}
