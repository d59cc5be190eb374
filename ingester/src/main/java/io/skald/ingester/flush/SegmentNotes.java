/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.flush;

import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import java.util.List;

/** Remembers which objects are about to be written, so that one is found whose flush does not live to commit it. Thread-safe. */
@FunctionalInterface
public interface SegmentNotes {
    /** For stores where what no commit names is found when the process starts. */
    SegmentNotes NONE = (tenant, keys) -> {};

    /** Called before the first byte of them is written. */
    void writing(TenantId tenant, List<String> keys) throws StoreException;
}
