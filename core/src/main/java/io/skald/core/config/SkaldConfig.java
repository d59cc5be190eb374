/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.config;

import io.skald.core.model.TenantId;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Everything that {@code skald run} can be told. Immutable.
 *
 * @param overrides limits of single tenants, by tenant id; complete, not differences
 */
public record SkaldConfig(
        @Setting(
                "Directory of everything that is kept: the write-ahead log, segments, index, the agent's spool. One process at a time.")
        Path dataDir,

        @Setting("HTTP server") HttpSettings http,

        @Setting(
                "Whether `X-Scope-OrgID` names the tenant of a request. When false, all data belong to one tenant and the header is ignored.")
        boolean multiTenant,

        @Setting("Whether a query may name several tenants (`a|b`); needs `multi_tenant`.")
        boolean multiTenantQueries,

        @Setting("Files that the agent in the same process tails, as globs.")
        List<String> tail,

        @Setting("Tenant that the lines of tailed files belong to; another than `fake` needs `multi_tenant`.")
        String tailTenant,

        @Setting("Write-ahead log") WalSettings wal,
        @Setting("Flush") FlushSettings flush,
        @Setting("Compaction") CompactionSettings compaction,
        @Setting("Retention by size") RetentionSettings retention,
        @Setting("Ingester") IngesterSettings ingester,
        @Setting("Querier") QuerierSettings querier,
        @Setting("Alert and recording rules") RulesSettings rules,
        @Setting("Stores") StorageSettings storage,
        @Setting("Limits of every tenant") Limits limits,

        @Setting(
                "Limits of single tenants: tenant id, then any keys of `limits`. What is not given is taken from `limits`.")
        Map<String, Limits> overrides,

        @Setting(
                "A file with `limits` and `overrides` like those of this file, over which it wins. It is read again when it changes; one that cannot be read changes nothing. Empty for none.")
        Path overridesFile) {

    /** What {@code skald run} does when told nothing. */
    public static final SkaldConfig DEFAULTS = new SkaldConfig(
            Path.of("skald-data"),
            HttpSettings.DEFAULTS,
            false,
            false,
            List.of(),
            TenantId.DEFAULT.value(),
            WalSettings.DEFAULTS,
            FlushSettings.DEFAULTS,
            CompactionSettings.DEFAULTS,
            RetentionSettings.DEFAULTS,
            IngesterSettings.DEFAULTS,
            QuerierSettings.DEFAULTS,
            RulesSettings.DEFAULTS,
            StorageSettings.DEFAULTS,
            Limits.DEFAULTS,
            Map.of(),
            Path.of(""));

    public SkaldConfig {
        tail = List.copyOf(tail);
        overrides = Collections.unmodifiableMap(new TreeMap<>(overrides));
        if (multiTenantQueries && !multiTenant) {
            throw new IllegalArgumentException("multi_tenant_queries needs multi_tenant: true");
        }
        if (!new TenantId(tailTenant).equals(TenantId.DEFAULT) && !multiTenant) {
            throw new IllegalArgumentException("tail_tenant needs multi_tenant: true");
        }
    }

    /**
     * Reads a YAML file over the defaults.
     *
     * @throws ConfigException naming every unknown key and bad value with its line
     * @throws IOException if the file cannot be read
     */
    public static SkaldConfig load(Path file) throws ConfigException, IOException {
        return parse(Files.readString(file, StandardCharsets.UTF_8), file.toString());
    }

    /** The same from text; {@code name} is what problems call the file. */
    public static SkaldConfig parse(String yaml, String name) throws ConfigException {
        return new ConfigReader(name).read(yaml, DEFAULTS, SkaldConfig.class);
    }

    /** YAML with every key, which reads back as an equal config. */
    public String toYaml() {
        return ConfigWriter.yaml(this);
    }

    /** The same with only what differs from {@link #DEFAULTS}; empty if nothing does. */
    public String differenceToYaml() {
        return ConfigWriter.difference(this, DEFAULTS);
    }

    /** The reference of all keys, one Markdown table for each section. */
    public static String reference() {
        return ConfigWriter.tables(DEFAULTS);
    }

    /** The limits in force for each tenant, as this file alone says. */
    public TenantLimits tenantLimits() {
        return (TenantId tenant) -> overrides.getOrDefault(tenant.value(), limits);
    }

    public SkaldConfig withDataDir(Path dir) {
        return with(dir, http, tail, tailTenant);
    }

    public SkaldConfig withListen(HostPort listen) {
        return with(dataDir, new HttpSettings(listen, http.maxBodySize()), tail, tailTenant);
    }

    public SkaldConfig withTail(List<String> globs) {
        return with(dataDir, http, globs, tailTenant);
    }

    /** @throws IllegalArgumentException if it is no tenant id, or needs {@code multi_tenant} */
    public SkaldConfig withTailTenant(String tenant) {
        return with(dataDir, http, tail, tenant);
    }

    /** The same with what flags can change. */
    private SkaldConfig with(Path newDataDir, HttpSettings newHttp, List<String> newTail, String newTailTenant) {
        return new SkaldConfig(
                newDataDir,
                newHttp,
                multiTenant,
                multiTenantQueries,
                newTail,
                newTailTenant,
                wal,
                flush,
                compaction,
                retention,
                ingester,
                querier,
                rules,
                storage,
                limits,
                overrides,
                overridesFile);
    }
}
