/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.eval;

import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.querier.rules.eval.GroupStatus.RuleStatus;
import io.skald.querier.rules.store.GroupKey;
import io.skald.querier.rules.store.Leases;
import io.skald.querier.rules.store.LoadedGroup;
import io.skald.querier.rules.store.RuleCatalog;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * How all groups of a tenant do, whoever evaluates them: those of this process are known, other evaluators are asked for theirs, and of what
 * nobody evaluates right now the saved alerts are shown. Thread-safe.
 */
public final class ClusterStatuses implements AutoCloseable {
    /** Where an evaluator tells what it knows itself. */
    public static final String PATH = "/skald/rules/statuses";

    private static final System.Logger LOG = System.getLogger(ClusterStatuses.class.getName());
    private static final Duration CONNECT = Duration.ofSeconds(1);
    private static final Duration TIMEOUT = Duration.ofSeconds(5);

    /** The status of a group that is evaluated here. */
    public interface Local {
        /** Null if it is not, or was not yet. */
        @Nullable
        GroupStatus of(GroupKey key);
    }

    private final RuleCatalog catalog;
    private final Local here;
    private final Leases leases;
    private final SavedStates saved;
    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(CONNECT)
            .build();
    private final ExecutorService workers = Executors.newVirtualThreadPerTaskExecutor();

    public ClusterStatuses(RuleCatalog catalog, Local here, Leases leases, SavedStates saved) {
        this.catalog = catalog;
        this.here = here;
        this.leases = leases;
        this.saved = saved;
    }

    /** What this process evaluates, as another reads it. */
    public byte[] local(TenantId tenant) {
        Map<GroupKey, StatusJson.Named> out = new TreeMap<>();
        for (LoadedGroup g : catalog.groups(tenant)) {
            GroupStatus status = leases.holds(g.key()) ? here.of(g.key()) : null;
            List<String> ids = GroupMemory.ids(g.group());
            if (status != null && status.rules().size() == ids.size()) {
                out.put(g.key(), new StatusJson.Named(status, ids));
            }
        }
        return StatusJson.write(out);
    }

    /** Every group of which something is known. Blocks on I/O. */
    public Map<GroupKey, GroupStatus> of(TenantId tenant) {
        Map<GroupKey, GroupStatus> out = new HashMap<>();
        List<LoadedGroup> unknown = new ArrayList<>();
        for (LoadedGroup g : catalog.groups(tenant)) {
            GroupStatus status = leases.holds(g.key()) ? here.of(g.key()) : null;
            if (status == null) {
                unknown.add(g);
            } else {
                out.put(g.key(), status);
            }
        }
        if (!unknown.isEmpty()) {
            Map<GroupKey, StatusJson.Named> told = ask(tenant);
            for (LoadedGroup g : unknown) {
                StatusJson.Named n = told.get(g.key());
                if (n != null) {
                    out.put(g.key(), n.of(GroupMemory.ids(g.group())));
                }
            }
            unknown.removeIf(g -> out.containsKey(g.key()));
        }
        if (!unknown.isEmpty()) {
            fromStore(tenant, unknown, out);
        }
        return out;
    }

    private Map<GroupKey, StatusJson.Named> ask(TenantId tenant) {
        Map<String, Future<Map<GroupKey, StatusJson.Named>>> asked = new TreeMap<>();
        for (String url : leases.others()) {
            asked.put(url, workers.submit(() -> ask(url, tenant)));
        }
        Map<GroupKey, StatusJson.Named> out = new HashMap<>();
        asked.forEach((url, answer) -> {
            try {
                answer.get().forEach((key, status) -> out.merge(key, status, ClusterStatuses::newer));
            } catch (ExecutionException e) {
                LOG.log(
                        Level.WARNING,
                        "rules that " + url + " evaluates are shown as they were saved: "
                                + (e.getCause() instanceof ConnectException ? "cannot connect" : e.getCause()));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        return out;
    }

    private static StatusJson.Named newer(StatusJson.Named a, StatusJson.Named b) {
        return a.status().lastEvaluationNanos() >= b.status().lastEvaluationNanos() ? a : b;
    }

    private Map<GroupKey, StatusJson.Named> ask(String url, TenantId tenant) throws IOException, InterruptedException {
        HttpRequest request;
        try {
            request = HttpRequest.newBuilder(URI.create(url + PATH))
                    .timeout(TIMEOUT)
                    .header("X-Scope-OrgID", tenant.value())
                    .build();
        } catch (IllegalArgumentException e) {
            throw new IOException("not an address: " + e.getMessage(), e);
        }
        HttpResponse<byte[]> r = http.send(request, HttpResponse.BodyHandlers.ofByteArray());
        if (r.statusCode() != 200) {
            throw new IOException("status " + r.statusCode());
        }
        return StatusJson.read(tenant, r.body());
    }

    private void fromStore(TenantId tenant, List<LoadedGroup> unknown, Map<GroupKey, GroupStatus> out) {
        Map<GroupKey, SavedStates.Saved> all;
        try {
            all = saved.load(tenant);
        } catch (StoreException e) {
            LOG.log(Level.WARNING, "saved states of rules cannot be shown: " + e.getMessage());
            return;
        }
        for (LoadedGroup g : unknown) {
            SavedStates.Saved s = all.get(g.key());
            if (s != null) {
                List<RuleStatus> rules = GroupMemory.ids(g.group()).stream()
                        .map(id -> new RuleStatus(s.atNanos(), 0, "", s.alerts().getOrDefault(id, List.of())))
                        .toList();
                out.put(g.key(), new GroupStatus(s.atNanos(), 0, rules));
            }
        }
    }

    @Override
    public void close() {
        http.shutdownNow();
        workers.shutdownNow();
    }
}
