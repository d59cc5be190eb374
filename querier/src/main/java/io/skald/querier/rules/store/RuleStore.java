/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.store;

import io.skald.core.model.ErrorCode;
import io.skald.core.model.RequestException;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.querier.rules.model.RuleException;
import io.skald.querier.rules.model.RuleGroup;
import io.skald.querier.rules.model.RuleYaml;
import io.skald.storage.IndexStore;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;

/**
 * Groups that the API writes: one record each in the partition {@code TENANT/rules} of the index store. The name of a record is namespace,
 * line feed, group; its value the group's YAML in gzip. Thread-safe; every call blocks on I/O.
 */
public final class RuleStore {
    private static final System.Logger LOG = System.getLogger(RuleStore.class.getName());
    private static final String SUFFIX = "/rules";

    private final IndexStore store;

    public RuleStore(IndexStore store) {
        this.store = store;
    }

    private NamedRecords records(TenantId tenant) {
        return new NamedRecords(store, tenant.value() + SUFFIX);
    }

    /** Tenants that ever had a group here, sorted. */
    public List<TenantId> tenants() throws StoreException {
        List<TenantId> out = new ArrayList<>();
        for (String p : store.partitions("")) {
            if (p.endsWith(SUFFIX)) {
                out.add(new TenantId(p.substring(0, p.length() - SUFFIX.length())));
            }
        }
        return out;
    }

    /** All groups of a tenant, by namespace and name. A record that this version cannot read is logged and left out. */
    public List<LoadedGroup> groups(TenantId tenant) throws StoreException {
        List<LoadedGroup> out = new ArrayList<>();
        for (Map.Entry<String, byte[]> e : records(tenant).all().entrySet()) {
            int cut = e.getKey().indexOf('\n');
            String namespace = e.getKey().substring(0, cut);
            String group = e.getKey().substring(cut + 1);
            GroupKey key = new GroupKey(tenant, namespace, group);
            try {
                out.add(new LoadedGroup(key, RuleYaml.parseGroup("group " + key, unzip(e.getValue())), null));
            } catch (RuleException | IOException bad) {
                LOG.log(System.Logger.Level.ERROR, "rule group left out: " + bad.getMessage());
            }
        }
        out.sort((a, b) -> a.key().compareTo(b.key()));
        return out;
    }

    /** Writes a group, over one of the same name if there is one. */
    public void put(TenantId tenant, String namespace, RuleGroup group) throws StoreException {
        byte[] value = zip(RuleYaml.write(group));
        if (value.length > NamedRecords.MAX_BYTES - 4096) {
            throw new RequestException(
                    ErrorCode.PAYLOAD_TOO_LARGE,
                    "rule group '" + group.name() + "' is too large: " + value.length + " bytes in gzip, limit "
                            + (NamedRecords.MAX_BYTES - 4096));
        }
        records(tenant).put(name(namespace, group.name()), value);
    }

    /** Removes a group; false if there is none. */
    public boolean delete(TenantId tenant, String namespace, String group) throws StoreException {
        return records(tenant).put(name(namespace, group), null);
    }

    private static String name(String namespace, String group) {
        if (namespace.indexOf('\n') >= 0 || group.indexOf('\n') >= 0) {
            throw new RequestException(ErrorCode.BAD_REQUEST, "a line feed in the name of a namespace or group");
        }
        if (namespace.length() + group.length() > 1000) {
            throw new RequestException(
                    ErrorCode.BAD_REQUEST, "names of namespace and group together are longer than 1000 characters");
        }
        return namespace + "\n" + group;
    }

    static byte[] zip(String text) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream gz = new GZIPOutputStream(out)) {
            gz.write(text.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new IllegalStateException("writing to the heap failed", e);
        }
        return out.toByteArray();
    }

    static String unzip(byte[] bytes) throws IOException {
        try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(bytes))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
