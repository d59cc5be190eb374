/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.scan;

import io.skald.core.model.StoreException;

/** A cursor that can give more of its present entry than the request asked for. */
public interface LazyCursor extends EntryCursor {
    /**
     * Makes line and metadata of the present entry available, whatever columns were requested.
     *
     * @return false if they cannot be read and the source goes on without them: the present entry is void then, call {@link #next}
     */
    boolean loadAll() throws StoreException;
}
