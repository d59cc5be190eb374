/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.deploy.chart;

import com.marcnuri.helm.Helm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** What Helm makes of the chart with some values, as release {@code skald} in namespace {@code logs}. */
record Rendered(String text, List<Map<String, Object>> manifests) {
    static final Path CHART = Path.of("..", "charts", "skald");
    private static final String KUBERNETES = "1.33.0";

    /**
     * Renders the chart.
     *
     * @param values YAML as in a file given to {@code helm install --values}
     * @throws IllegalStateException with Helm's message, if it refuses
     */
    static Rendered of(String values) throws IOException {
        return of(values, KUBERNETES);
    }

    static Rendered of(String values, String kubernetes) throws IOException {
        Path file = Files.createTempFile("values", ".yaml");
        try {
            Files.writeString(file, values);
            String text = new Helm(CHART)
                    .template()
                    .withName("skald")
                    .withNamespace("logs")
                    .withKubeVersion(kubernetes)
                    .withValuesFile(file)
                    .call();
            return new Rendered(text, parse(text));
        } finally {
            Files.delete(file);
        }
    }

    private static List<Map<String, Object>> parse(String text) {
        List<Map<String, Object>> found = new ArrayList<>();
        for (Object document : load().loadAllFromString(text)) {
            if (document != null) {
                found.add(map(document));
            }
        }
        return found;
    }

    private static Load load() {
        return new Load(LoadSettings.builder().build());
    }

    /** One YAML document. */
    static Map<String, Object> yaml(String text) {
        Object document = load().loadFromString(text);
        return document == null ? Map.of() : map(document);
    }

    /** The one of a kind and name. */
    Map<String, Object> get(String kind, String name) {
        return manifests.stream()
                .filter(m -> m.get("kind").equals(kind) && name(m).equals(name))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no " + kind + " " + name + " in\n" + text));
    }

    boolean has(String kind) {
        return manifests.stream().anyMatch(m -> m.get("kind").equals(kind));
    }

    static String name(Map<String, Object> manifest) {
        return (String) at(manifest, "metadata", "name");
    }

    /** What is at a path of keys, and of numbers for places in lists. */
    static Object at(Object from, Object... path) {
        Object here = from;
        for (Object step : path) {
            Object next = here instanceof List<?> list
                    ? list.get((Integer) step)
                    : map(here).get(step);
            if (next == null) {
                throw new AssertionError("no " + step + " of " + List.of(path) + " in " + here);
            }
            here = next;
        }
        return here;
    }

    @SuppressWarnings("unchecked") // YAML has no other maps than of text here
    static Map<String, Object> map(Object o) {
        return (Map<String, Object>) o;
    }

    @SuppressWarnings("unchecked") // as above
    static List<Map<String, Object>> maps(Object o) {
        return (List<Map<String, Object>>) o;
    }
}
