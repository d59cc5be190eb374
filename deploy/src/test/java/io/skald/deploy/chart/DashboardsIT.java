/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.deploy.chart;

import static io.skald.deploy.chart.Rendered.map;
import static io.skald.deploy.chart.Rendered.maps;
import static org.assertj.core.api.Assertions.assertThat;

import io.skald.cli.run.Appliance;
import io.skald.cli.run.Role;
import io.skald.core.config.HostPort;
import io.skald.core.config.SkaldConfig;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the dashboards ask for is there: every metric in what a process exports, every LogQL query in the language. */
class DashboardsIT {
    private static final Pattern METRIC = Pattern.compile("\\b(?:skald|jvm|process)_[a-z0-9_]+");

    @TempDir
    private Path dir;

    private record Query(String type, String expr, String where) {}

    @Test
    void everyMetricAndEveryQueryOfTheDashboardsExists() throws Exception {
        SkaldConfig config = SkaldConfig.DEFAULTS
                .withDataDir(dir.resolve("data"))
                .withListen(new HostPort("127.0.0.1", 0))
                .withTail(List.of(dir.resolve("*.log").toString()));
        List<Query> queries = queries();
        assertThat(queries.stream().map(Query::type)).contains("prometheus", "loki");
        try (Appliance appliance = Appliance.start(config, Role.ALL);
                HttpClient http = HttpClient.newHttpClient()) {
            Set<String> exported = get(http, appliance.url() + "/metrics")
                    .body()
                    .lines()
                    .filter(l -> l.startsWith("# TYPE "))
                    .map(l -> l.split(" ")[2])
                    .collect(Collectors.toCollection(TreeSet::new));
            for (Query q : queries) {
                if (q.type().equals("prometheus")) {
                    Matcher m = METRIC.matcher(q.expr());
                    while (m.find()) {
                        assertThat(exported)
                                .as(q.where() + ": " + q.expr())
                                .contains(m.group().replaceFirst("_(bucket|count|sum)$", ""));
                    }
                } else {
                    String expr = q.expr().replaceAll("\\$__(auto|range)", "5m").replaceAll("\\$\\w+", "x");
                    String encoded = URLEncoder.encode(expr, StandardCharsets.UTF_8);
                    HttpResponse<String> r = get(http, appliance.url() + "/loki/api/v1/format_query?query=" + encoded);
                    assertThat(r.statusCode()).as(q.where() + ": " + r.body()).isEqualTo(200);
                }
            }
        }
    }

    private static List<Query> queries() throws Exception {
        List<Query> found = new ArrayList<>();
        try (Stream<Path> files = Files.list(Rendered.CHART.resolve("dashboards"))) {
            for (Path f : files.sorted().toList()) {
                Map<String, Object> dashboard = Rendered.yaml(Files.readString(f)); // JSON is YAML
                for (Map<String, Object> panel : maps(dashboard.get("panels"))) {
                    if (!panel.get("type").equals("row")) {
                        for (Map<String, Object> t : maps(panel.get("targets"))) {
                            String type = (String) map(t.get("datasource")).get("type");
                            found.add(new Query(
                                    type, (String) t.get("expr"), f.getFileName() + ", " + panel.get("title")));
                        }
                    }
                }
            }
        }
        return found;
    }

    private static HttpResponse<String> get(HttpClient http, String url) throws Exception {
        return http.send(HttpRequest.newBuilder(URI.create(url)).build(), HttpResponse.BodyHandlers.ofString());
    }
}
