/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.wire.recent;

import io.skald.core.block.ByteSink;
import io.skald.core.block.ByteSource;
import io.skald.core.model.Labels;
import io.skald.core.model.StoreException.CorruptData;

/** Labels as a count and pairs of strings. */
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
}
