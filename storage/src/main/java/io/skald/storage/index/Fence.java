/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.index;

/**
 * Says that everything an ingester acknowledged for the tenant at WAL positions in [from, to) is in segments now.
 *
 * @param ingesterId whose WAL
 * @param from where the fence stood before; 0 before the first
 * @param to where it stands then, ≥ from
 */
public record Fence(String ingesterId, long from, long to) {
    public Fence {
        if (ingesterId.isEmpty() || ingesterId.length() > LogFormat.MAX_INGESTER_ID_LENGTH) {
            throw new IllegalArgumentException("ingester id of " + ingesterId.length() + " characters");
        }
        if (from < 0 || to < from) {
            throw new IllegalArgumentException("fence of " + ingesterId + " from " + from + " to " + to);
        }
    }
}
