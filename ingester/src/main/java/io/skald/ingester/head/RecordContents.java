/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.head;

import io.skald.core.model.EntryBatch;
import io.skald.core.model.TenantId;
import io.skald.core.scan.ScanRequest.Columns;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What a WAL record of entries holds, decoded.
 *
 * @param batches entries, each of one stream, in the order of the record
 */
public record RecordContents(TenantId tenant, List<EntryBatch> batches) {
    public RecordContents {
        batches = List.copyOf(batches);
    }

    /**
     * Decodes a payload whose checksum holds, and checks those of its fragments.
     *
     * @throws IllegalArgumentException if it is of another version, or not what was written
     */
    public static RecordContents of(MemorySegment payload) {
        byte[] bytes = payload.toArray(ValueLayout.JAVA_BYTE);
        BatchCodec.EncodedFragments encoded = BatchCodec.read(payload);
        List<EntryBatch> batches = new ArrayList<>();
        for (EncodedBatch.Fragment f : encoded.fragments()) {
            byte[] fragment = Arrays.copyOfRange(bytes, f.offset(), f.offset() + f.headBytes() + f.lineBytes());
            FragmentHeader.check(fragment, f.headBytes());
            EntryBatch batch = new EntryBatch(f.labels(), f.count());
            DecodedFragment.of(fragment, Columns.ALL).addTo(batch, Long.MIN_VALUE, Long.MAX_VALUE);
            batches.add(batch);
        }
        return new RecordContents(encoded.tenant(), batches);
    }
}
