/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.api;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.skald.core.http.HttpRequest;
import io.skald.core.http.HttpResponse;
import io.skald.core.model.Labels;
import io.skald.core.model.Matcher;
import io.skald.core.model.RequestException;
import io.skald.core.model.TenantId;
import io.skald.logql.parser.Parser;
import io.skald.querier.rules.eval.ActiveAlert;
import io.skald.querier.rules.eval.GroupStatus;
import io.skald.querier.rules.eval.GroupStatus.RuleStatus;
import io.skald.querier.rules.model.Condition;
import io.skald.querier.rules.model.Rule;
import io.skald.querier.rules.model.RuleGroup;
import io.skald.querier.rules.store.GroupKey;
import io.skald.querier.rules.store.LoadedGroup;
import io.skald.querier.rules.store.RuleCatalog;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** {@code /prometheus/api/v1/rules} and {@code /alerts}, in Prometheus' JSON. Thread-safe. */
final class PrometheusRules {
    private static final JsonFactory JSON = new JsonFactory();

    private final RuleCatalog catalog;
    private final RulesApi.Statuses statuses;
    private final Duration interval;
    private final boolean multiTenant;

    PrometheusRules(RuleCatalog catalog, RulesApi.Statuses statuses, Duration interval, boolean multiTenant) {
        this.catalog = catalog;
        this.statuses = statuses;
        this.interval = interval;
        this.multiTenant = multiTenant;
    }

    /** Which rules are asked for. */
    private record Filter(
            boolean alerting,
            boolean recording,
            Set<String> names,
            Set<String> groups,
            Set<String> files,
            boolean alerts,
            List<List<Matcher>> matchers) {
        static Filter of(HttpRequest r) {
            String type = r.paramOr("type", "");
            if (!Set.of("", "alert", "record").contains(type)) {
                throw bad("not supported value \"" + type + "\" for parameter \"type\"");
            }
            List<List<Matcher>> matchers = new ArrayList<>();
            for (String m : values(r, "match")) {
                try {
                    matchers.add(Parser.parseMatchers(m));
                } catch (RequestException e) {
                    throw new RequestException(e.code(), "invalid parameter \"match[]\": " + e.getMessage(), e);
                }
            }
            return new Filter(
                    !type.equals("record"),
                    !type.equals("alert"),
                    Set.copyOf(values(r, "rule_name")),
                    Set.copyOf(values(r, "rule_group")),
                    Set.copyOf(values(r, "file")),
                    !flag(r, "exclude_alerts"),
                    matchers);
        }

        private static List<String> values(HttpRequest r, String name) {
            List<String> all = new ArrayList<>(r.paramValues(name + "[]"));
            all.addAll(r.paramValues(name));
            return all.stream().filter(v -> !v.isEmpty()).toList();
        }

        private static boolean flag(HttpRequest r, String name) {
            String v = r.paramOr(name, "false");
            return switch (v) {
                case "1", "t", "T", "true", "TRUE", "True" -> true;
                case "0", "f", "F", "false", "FALSE", "False" -> false;
                default -> throw bad("invalid parameter \"" + name + "\": '" + v + "' is not true or false");
            };
        }

        private static RequestException bad(String message) {
            return new RequestException(io.skald.core.model.ErrorCode.BAD_REQUEST, message);
        }

        private static boolean in(Set<String> wanted, String name) {
            return wanted.isEmpty() || wanted.contains(name);
        }

        boolean takes(LoadedGroup g) {
            return in(groups, g.key().group()) && in(files, g.key().namespace());
        }

        boolean takes(RuleGroup group, Rule rule) {
            boolean kind = rule instanceof Rule.Alert ? alerting : recording;
            if (!kind || !in(names, rule.name())) {
                return false;
            }
            Labels.Builder b = new Labels.Builder();
            group.labels().forEach(b::set);
            rule.labels().forEach(b::set);
            Labels labels = b.build();
            Predicate<List<Matcher>> all = m -> Matcher.all(m, labels);
            return matchers.isEmpty() || matchers.stream().anyMatch(all);
        }
    }

    HttpResponse rules(HttpRequest request) {
        TenantId tenant = request.tenant(multiTenant);
        Filter filter;
        try {
            filter = Filter.of(request);
        } catch (RequestException e) {
            return failure(e);
        }
        Map<GroupKey, GroupStatus> now = statuses.of(tenant);
        return success(g -> {
            g.writeArrayFieldStart("groups");
            for (LoadedGroup loaded : catalog.groups(tenant)) {
                if (filter.takes(loaded)) {
                    group(g, loaded, now.get(loaded.key()), filter);
                }
            }
            g.writeEndArray();
        });
    }

    HttpResponse alerts(HttpRequest request) {
        TenantId tenant = request.tenant(multiTenant);
        Map<GroupKey, GroupStatus> now = statuses.of(tenant);
        return success(g -> {
            g.writeArrayFieldStart("alerts");
            for (LoadedGroup loaded : catalog.groups(tenant)) {
                GroupStatus status = now.get(loaded.key());
                if (status != null) {
                    for (RuleStatus r : status.rules()) {
                        alerts(g, r.alerts());
                    }
                }
            }
            g.writeEndArray();
        });
    }

    private void group(JsonGenerator g, LoadedGroup loaded, @Nullable GroupStatus status, Filter filter)
            throws IOException {
        List<Rule> rules = loaded.group().rules();
        List<Integer> wanted = new ArrayList<>();
        for (int i = 0; i < rules.size(); i++) {
            if (filter.takes(loaded.group(), rules.get(i))) {
                wanted.add(i);
            }
        }
        if (wanted.isEmpty()) {
            return;
        }
        g.writeStartObject();
        g.writeStringField("name", loaded.key().group());
        g.writeStringField("file", loaded.key().namespace());
        g.writeArrayFieldStart("rules");
        for (int i : wanted) {
            RuleStatus r = status == null || status.rules().size() <= i
                    ? new RuleStatus(0, 0, "", List.of())
                    : status.rules().get(i);
            rule(g, loaded.group(), rules.get(i), r, filter.alerts);
        }
        g.writeEndArray();
        Duration each = loaded.group().interval();
        seconds(g, "interval", each == null ? interval : each);
        g.writeNumberField("limit", loaded.group().limit());
        g.writeNumberField("evaluationTime", status == null ? 0 : status.seconds());
        g.writeStringField("lastEvaluation", time(status == null ? 0 : status.lastEvaluationNanos()));
        if (loaded.file() != null) {
            g.writeBooleanField("readOnly", true);
        }
        g.writeEndObject();
    }

    private static void rule(JsonGenerator g, RuleGroup group, Rule rule, RuleStatus status, boolean alerts)
            throws IOException {
        g.writeStartObject();
        switch (rule) {
            case Rule.Alert a -> {
                g.writeStringField("state", status.state().text());
                g.writeStringField("name", a.name());
                g.writeStringField("query", text(a.condition()));
                seconds(g, "duration", a.condition() instanceof Condition.Silence s ? s.silentFor() : a.hold());
                seconds(g, "keepFiringFor", a.keepFiringFor());
                map(g, "labels", group.labels(), a.labels());
                map(g, "annotations", Map.of(), a.annotations());
                g.writeArrayFieldStart("alerts");
                if (alerts) {
                    alerts(g, status.alerts());
                }
                g.writeEndArray();
            }
            case Rule.Recording c -> {
                g.writeStringField("name", c.name());
                g.writeStringField("query", c.query().text());
                map(g, "labels", group.labels(), c.labels());
            }
        }
        g.writeStringField("health", status.health());
        g.writeStringField("lastError", status.lastError());
        g.writeNumberField("evaluationTime", status.seconds());
        g.writeStringField("lastEvaluation", time(status.lastEvaluationNanos()));
        g.writeStringField("type", rule instanceof Rule.Alert ? "alerting" : "recording");
        g.writeEndObject();
    }

    /** A query that Grafana can run: a silence looks at how much comes. */
    private static String text(Condition condition) {
        return switch (condition) {
            case Condition.Query q -> q.text();
            case Condition.Silence s ->
                "sum" + (s.by().isEmpty() ? "" : " by (" + String.join(", ", s.by()) + ")") + " (count_over_time("
                        + s.selector() + "[" + s.silentFor().toSeconds() + "s]))";
        };
    }

    private static void alerts(JsonGenerator g, List<ActiveAlert> alerts) throws IOException {
        for (ActiveAlert a : alerts) {
            if (a.state() == ActiveAlert.State.INACTIVE) {
                continue;
            }
            g.writeStartObject();
            g.writeObjectFieldStart("labels");
            for (int i = 0; i < a.labels().size(); i++) {
                g.writeStringField(a.labels().name(i), a.labels().value(i));
            }
            g.writeEndObject();
            map(g, "annotations", Map.of(), a.annotations());
            g.writeStringField("state", a.state().text());
            g.writeStringField("activeAt", time(a.activeAtNanos()));
            if (a.keepFiringSinceNanos() != 0) {
                g.writeStringField("keepFiringSince", time(a.keepFiringSinceNanos()));
            }
            g.writeStringField("value", GoFloat.exponent(a.value()));
            g.writeEndObject();
        }
    }

    private static void map(JsonGenerator g, String name, Map<String, String> under, Map<String, String> over)
            throws IOException {
        Map<String, String> all = new java.util.TreeMap<>(under);
        all.putAll(over);
        g.writeObjectFieldStart(name);
        for (Map.Entry<String, String> e : all.entrySet()) {
            g.writeStringField(e.getKey(), e.getValue());
        }
        g.writeEndObject();
    }

    private static void seconds(JsonGenerator g, String name, Duration d) throws IOException {
        if (d.toNanos() % 1_000_000_000 == 0) {
            g.writeNumberField(name, d.toSeconds());
        } else {
            g.writeNumberField(name, d.toNanos() / 1e9);
        }
    }

    static String time(long nanos) {
        return nanos == 0
                ? "0001-01-01T00:00:00Z"
                : DateTimeFormatter.ISO_INSTANT.format(Instant.EPOCH.plusNanos(nanos));
    }

    /** Writes the members of the answer's data. */
    private interface Data {
        void write(JsonGenerator g) throws IOException;
    }

    private static HttpResponse success(Data data) {
        return HttpResponse.of(200, HttpResponse.JSON, json(g -> {
            g.writeStringField("status", "success");
            g.writeObjectFieldStart("data");
            data.write(g);
            g.writeEndObject();
            g.writeStringField("errorType", "");
            g.writeStringField("error", "");
        }));
    }

    private static HttpResponse failure(RequestException e) {
        return HttpResponse.of(e.code().httpStatus(), HttpResponse.JSON, json(g -> {
            g.writeStringField("status", "error");
            g.writeNullField("data");
            g.writeStringField("errorType", "bad_data");
            g.writeStringField("error", e.getMessage());
        }));
    }

    private static byte[] json(Data members) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (JsonGenerator g = JSON.createGenerator(out)) {
            g.writeStartObject();
            members.write(g);
            g.writeEndObject();
        } catch (IOException e) {
            throw new IllegalStateException("writing to the heap failed", e);
        }
        return out.toByteArray();
    }
}
