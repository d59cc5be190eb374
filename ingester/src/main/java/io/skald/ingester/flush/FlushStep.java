/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.flush;

/** Points of a flush between which a crash must be harmless; tests stop at each. */
public enum FlushStep {
    /** The position is fixed, nothing is written. */
    CUT,
    /** A segment is durable, but no commit knows it. */
    SEGMENT_WRITTEN,
    /** All segments of a tenant are durable. */
    BEFORE_COMMIT,
    /** The tenant's commit holds. */
    COMMITTED,
    /** The commits of all tenants hold; the WAL is still there. */
    BEFORE_RELEASE,
    /** The WAL was let go. */
    RELEASED
}
