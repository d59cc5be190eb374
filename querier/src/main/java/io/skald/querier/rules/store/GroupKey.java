/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.store;

import io.skald.core.model.TenantId;

/** What a group is known by. */
public record GroupKey(TenantId tenant, String namespace, String group) implements Comparable<GroupKey> {
    @Override
    public int compareTo(GroupKey o) {
        int c = tenant.compareTo(o.tenant);
        if (c == 0) {
            c = namespace.compareTo(o.namespace);
        }
        return c == 0 ? group.compareTo(o.group) : c;
    }

    @Override
    public String toString() {
        return tenant + "/" + namespace + "/" + group;
    }
}
