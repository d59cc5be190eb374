/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.api;

import io.skald.core.http.HttpRequest;
import io.skald.core.http.HttpResponse;
import io.skald.core.http.Router;
import io.skald.core.model.ErrorCode;
import io.skald.core.model.RequestException;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.querier.rules.eval.GroupStatus;
import io.skald.querier.rules.eval.RuleTemplates;
import io.skald.querier.rules.model.RuleGroup;
import io.skald.querier.rules.model.RuleYaml;
import io.skald.querier.rules.store.GroupKey;
import io.skald.querier.rules.store.LoadedGroup;
import io.skald.querier.rules.store.RuleCatalog;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The APIs of rules: YAML to read and write groups as lokitool does, JSON to show them and their alerts as Grafana does. Thread-safe. */
public final class RulesApi {
    private static final String YAML = "application/yaml";
    private static final List<String> BASES = List.of("/loki/api/v1/rules", "/api/prom/rules", "/api/v1/rules");
    private static final String ACCEPTED = "{\"status\":\"success\",\"data\":null,\"errorType\":\"\",\"error\":\"\"}";

    private final RuleCatalog catalog;
    private final boolean multiTenant;
    private final Changes changes;

    /** How groups do, wherever they are evaluated. */
    public interface Statuses {
        /** The last evaluations of a tenant's groups, of those that had one. May block on I/O. */
        Map<GroupKey, GroupStatus> of(TenantId tenant);
    }

    /** Is told that groups were written or removed. */
    public interface Changes {
        void changed();
    }

    private RulesApi(RuleCatalog catalog, boolean multiTenant, Changes changes) {
        this.catalog = catalog;
        this.multiTenant = multiTenant;
        this.changes = changes;
    }

    /**
     * Adds the routes.
     *
     * @param interval of groups that do not say one
     */
    public static void register(
            Router router,
            RuleCatalog catalog,
            Statuses statuses,
            Changes changes,
            Duration interval,
            boolean multiTenant) {
        RulesApi api = new RulesApi(catalog, multiTenant, changes);
        for (String base : BASES) {
            router.get(base, api::list);
            router.get(base + "/{namespace}", api::list);
            router.post(base + "/{namespace}", api::put);
            router.route(List.of("DELETE"), base + "/{namespace}", api::deleteNamespace);
            router.get(base + "/{namespace}/{group}", api::get);
            router.route(List.of("DELETE"), base + "/{namespace}/{group}", api::delete);
        }
        PrometheusRules shown = new PrometheusRules(catalog, statuses, interval, multiTenant);
        router.getOrPost("/prometheus/api/v1/rules", shown::rules);
        router.getOrPost("/prometheus/api/v1/alerts", shown::alerts);
    }

    private HttpResponse list(HttpRequest request) {
        TenantId tenant = request.tenant(multiTenant);
        String only = request.pathParams().get("namespace");
        Map<String, List<RuleGroup>> namespaces = new TreeMap<>();
        for (LoadedGroup g : catalog.groups(tenant)) {
            if (only == null || only.equals(g.key().namespace())) {
                namespaces
                        .computeIfAbsent(g.key().namespace(), n -> new ArrayList<>())
                        .add(g.group());
            }
        }
        if (namespaces.isEmpty()) {
            throw new RequestException(ErrorCode.NOT_FOUND, "no rule groups found");
        }
        return HttpResponse.of(200, YAML, RuleYaml.write(namespaces));
    }

    private GroupKey key(HttpRequest request) {
        return new GroupKey(request.tenant(multiTenant), request.pathParam("namespace"), request.pathParam("group"));
    }

    private HttpResponse get(HttpRequest request) {
        LoadedGroup g = catalog.group(key(request));
        if (g == null) {
            throw new RequestException(ErrorCode.NOT_FOUND, "group does not exist");
        }
        return HttpResponse.of(200, YAML, RuleYaml.write(g.group()));
    }

    private HttpResponse put(HttpRequest request) throws StoreException {
        TenantId tenant = request.tenant(multiTenant);
        RuleGroup group = RuleYaml.parseGroup("rule group", new String(request.body(), StandardCharsets.UTF_8));
        List<String> problems = RuleTemplates.problems(group);
        if (!problems.isEmpty()) {
            throw new RequestException(ErrorCode.BAD_REQUEST, String.join("\n", problems));
        }
        catalog.put(tenant, request.pathParam("namespace"), group);
        changes.changed();
        return HttpResponse.of(202, HttpResponse.JSON, ACCEPTED);
    }

    private HttpResponse delete(HttpRequest request) throws StoreException {
        if (!catalog.delete(key(request))) {
            throw new RequestException(ErrorCode.NOT_FOUND, "group does not exist");
        }
        changes.changed();
        return HttpResponse.of(202, HttpResponse.JSON, ACCEPTED);
    }

    private HttpResponse deleteNamespace(HttpRequest request) throws StoreException {
        if (!catalog.deleteNamespace(request.tenant(multiTenant), request.pathParam("namespace"))) {
            throw new RequestException(ErrorCode.NOT_FOUND, "group namespace does not exist");
        }
        changes.changed();
        return HttpResponse.of(202, HttpResponse.JSON, ACCEPTED);
    }
}
