/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.wire.recent;

import io.skald.core.block.ByteSink;
import io.skald.core.block.ByteSource;
import io.skald.core.model.Labels;
import io.skald.core.model.RequestException;
import io.skald.core.model.StoreException.CorruptData;
import io.skald.core.model.TenantId;

/** Labels as a count and pairs of strings, and tenants. */
final class LabelsCodec {
    private LabelsCodec() {}

    static void put(ByteSink out, Labels labels) {
        out.varint(labels.size());
        for (int i = 0; i < labels.size(); i++) {
            out.string(labels.name(i));
            out.string(labels.value(i));
        }
    }

    static Labels get(ByteSource in) throws CorruptData {
        int n = in.count("labels", in.remaining() / 2);
        Labels.Builder b = new Labels.Builder();
        for (int i = 0; i < n; i++) {
            b.set(in.string("label name", RecentFormat.MAX_STRING), in.string("label value", RecentFormat.MAX_STRING));
        }
        return b.build();
    }

    static TenantId tenant(ByteSource in) throws CorruptData {
        String name = in.string("tenant", RecentFormat.MAX_STRING);
        try {
            return new TenantId(name);
        } catch (RequestException e) {
            // not what somebody asked for in a header, but what another process made
            throw in.corrupt(String.valueOf(e.getMessage()));
        }
    }
}
