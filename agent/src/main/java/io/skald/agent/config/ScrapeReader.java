/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.config;

import com.google.re2j.PatternSyntaxException;
import io.skald.agent.discover.Discovery;
import io.skald.agent.discover.FileDiscovery;
import io.skald.agent.discover.Glob;
import io.skald.agent.kube.KubernetesDiscovery;
import io.skald.agent.kube.KubernetesSettings;
import io.skald.agent.pipeline.JobPipeline;
import io.skald.agent.pipeline.StageReader;
import io.skald.agent.receive.SourceSettings;
import io.skald.core.model.Relabel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Reads one of {@code scrape_configs}. Confined to one thread. */
final class ScrapeReader {
    private final StageReader stages;

    ScrapeReader(StageReader stages) {
        this.stages = stages;
    }

    ScrapeJob read(Section s) {
        String name = s.required("job_name");
        Boolean traces = s.has("stack_traces") ? s.bool("stack_traces", true) : null;
        s.known("stack_traces");
        Boolean unwrap = s.has("container_format") ? unwrap(s) : null;
        s.known("container_format");
        JobPipeline pipeline = stages.read(s, "pipeline_stages", traces, unwrap);
        List<Relabel> relabel = new ArrayList<>();
        for (Section r : s.sections("relabel_configs")) {
            Relabel rule = relabel(r);
            r.end();
            if (rule != null) {
                relabel.add(rule);
            }
        }
        List<Discovery> discoveries = new ArrayList<>();
        statics(s, discoveries);
        files(s, discoveries);
        for (Section k : s.sections("kubernetes_sd_configs")) {
            discoveries.add(new KubernetesDiscovery(kubernetes(k)));
            k.end();
        }
        List<SourceSettings> sources = new SourceReader().read(s);
        unsupported(s);
        boolean filename = s.bool("filename_label", true);
        boolean origin = s.bool("origin_metadata", true);
        return new ScrapeJob(name, pipeline, discoveries, relabel, sources, filename, origin);
    }

    private static void unsupported(Section s) {
        s.unsupportedFor("use pipeline_stages", "entry_parser");
        s.unsupportedFor("it is for Windows", "windows_events");
        s.unsupportedFor(
                "have it sent to an awsfirehose, kafka or loki_push_api job", "gcplog", "cloudflare", "heroku_drain");
        s.unsupportedFor(
                "read the event hub's Kafka endpoint with a kafka job, type sasl, user $ConnectionString",
                "azure_event_hubs",
                "azure_event_hub");
        s.unsupportedFor("use a syslog or loki_push_api job", "gelf");
        s.unsupportedFor(
                "use static_configs, file_sd_configs, kubernetes_sd_configs or docker_sd_configs",
                "consul_sd_configs",
                "consulagent_sd_configs",
                "http_sd_configs",
                "dns_sd_configs",
                "ec2_sd_configs",
                "openstack_sd_configs",
                "azure_sd_configs",
                "gce_sd_configs",
                "digitalocean_sd_configs",
                "dockerswarm_sd_configs",
                "marathon_sd_configs",
                "nerve_sd_configs",
                "serverset_sd_configs",
                "triton_sd_configs");
        String encoding = s.text("encoding", "").replace("-", "").toLowerCase(Locale.ROOT);
        if (!encoding.isEmpty() && !encoding.equals("utf8")) {
            s.problem("encoding", "is not supported by this agent: files must be UTF-8");
        }
        Section d = s.section("decompression");
        if (d.bool("enabled", false)) {
            d.problem("enabled", "is not supported by this agent: it reads what is rotated to .gz by itself");
        }
        d.withoutEffect("decompression.enabled is not set", "initial_delay", "format");
        d.end();
    }

    private static boolean unwrap(Section s) {
        String format = s.text("container_format", "auto");
        if (!format.equals("auto") && !format.equals("none")) {
            s.problem("container_format", "'" + format + "' is neither auto nor none");
        }
        return format.equals("auto");
    }

    private static void statics(Section s, List<Discovery> to) {
        List<Map<String, String>> all = new ArrayList<>();
        for (Section t : s.sections("static_configs")) {
            Map<String, String> labels = t.map("labels");
            List<String> addresses = t.list("targets");
            t.end();
            String path = labels.get("__path__");
            if (path != null) {
                glob(t, path);
            }
            // a path is read once, whatever number of addresses it is said for
            Map<String, String> target = new TreeMap<>(labels);
            target.put("__address__", addresses.isEmpty() ? "" : addresses.getFirst());
            all.add(target);
        }
        if (!all.isEmpty()) {
            to.add(new Discovery.Fixed(all));
        }
    }

    private static @Nullable Glob glob(Section s, String pattern) {
        try {
            return new Glob(pattern);
        } catch (IllegalArgumentException e) {
            s.problem(String.valueOf(e.getMessage()));
            return null;
        }
    }

    private static void files(Section s, List<Discovery> to) {
        for (Section f : s.sections("file_sd_configs")) {
            List<Glob> globs = new ArrayList<>();
            for (String pattern : f.list("files")) {
                Glob g = glob(f, pattern);
                if (g != null) {
                    globs.add(g);
                }
            }
            Duration interval = f.duration("refresh_interval", Duration.ofMinutes(5));
            f.end();
            to.add(new FileDiscovery(globs, interval));
        }
    }

    private static KubernetesSettings kubernetes(Section k) {
        String role = k.required("role");
        if (!role.equals("pod") && !role.isEmpty()) {
            k.problem("role", "'" + role + "' is not supported: logs are those of pods");
        }
        Section in = k.section("namespaces");
        List<String> namespaces = in.list("names");
        if (in.bool("own_namespace", false)) {
            in.problem("own_namespace", "is not supported: name the namespace in names");
        }
        in.end();
        String fields = "";
        String labels = "";
        List<Section> selectors = k.sections("selectors");
        if (selectors.size() > 1) {
            k.problem("selectors", "more than one is not supported");
        }
        for (Section sel : selectors) {
            if (!sel.required("role").equals("pod")) {
                sel.problem("role", "must be pod");
            }
            fields = sel.text("field", "");
            labels = sel.text("label", "");
            sel.end();
        }
        Path podLogs = k.file("pod_logs");
        KubernetesSettings settings = new KubernetesSettings(
                k.textOrNull("api_server"),
                k.file("kubeconfig_file"),
                namespaces,
                fields,
                labels,
                k.textOrNull("bearer_token"),
                k.file("bearer_token_file"),
                ClientReader.tls(k.section("tls_config")),
                k.text("node_name", System.getenv().getOrDefault("NODE_NAME", "")),
                podLogs == null ? Path.of("/var/log/pods") : podLogs,
                k.duration("metadata_wait", Duration.ofSeconds(10)));
        k.only("follow_redirects", true);
        k.withoutEffect("what the client speaks is its own matter", "enable_http2");
        Section attach = k.section("attach_metadata");
        attach.only("node", false);
        attach.only("namespace", false);
        attach.end();
        k.unsupportedFor("use bearer_token_file", "basic_auth", "authorization", "oauth2");
        k.unsupported("proxy_url", "no_proxy", "proxy_from_environment", "proxy_connect_header");
        return settings;
    }

    private static @Nullable Relabel relabel(Section r) {
        List<String> sources = r.list("source_labels");
        String separator = r.text("separator", ";");
        String regex = r.text("regex", "(.*)");
        String action = r.text("action", "replace").toUpperCase(Locale.ROOT);
        String target = r.text("target_label", "");
        String replacement = r.text("replacement", "$1");
        long modulus = r.number("modulus", 0, 0);
        Relabel.Action a;
        try {
            a = Relabel.Action.valueOf(action);
        } catch (IllegalArgumentException e) {
            r.problem("action", "'" + r.text("action", "") + "' is no action of relabelling");
            return null;
        }
        boolean writes = a == Relabel.Action.REPLACE
                || a == Relabel.Action.HASHMOD
                || a == Relabel.Action.LOWERCASE
                || a == Relabel.Action.UPPERCASE;
        if (writes && target.isEmpty()) {
            r.problem("target_label: is required");
        }
        if (a == Relabel.Action.HASHMOD && modulus < 1) {
            r.problem("modulus: must be at least 1");
            modulus = 1;
        }
        try {
            return new Relabel(sources, separator, Relabel.regex(regex), modulus, target, replacement, a);
        } catch (PatternSyntaxException e) {
            r.problem("regex", String.valueOf(e.getMessage()));
            return null;
        }
    }
}
