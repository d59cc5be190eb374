/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.scan;

import io.skald.core.model.Labels;
import io.skald.core.model.StoreException;

/** One stream that a request selected. */
public interface StreamScan {
    Labels labels();

    /** A time not later than that of any entry that {@link #open} will give. Lets a merge open streams late. */
    long minNanos();

    /** A time not earlier than that of any entry that {@link #open} will give. */
    long maxNanos();

    /** Opens a new cursor; may be called again after the first was closed. Blocks on I/O. */
    EntryCursor open() throws StoreException;
}
