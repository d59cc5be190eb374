/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.spool;

import io.skald.core.model.TenantId;

/**
 * A push in the outbox. Its bytes are read from there when it is sent. Immutable.
 *
 * @param sequence the number of its record, from 1 without gaps
 * @param part its place in the record
 * @param entries its entries
 * @param lineBytes bytes of their lines
 * @param createdMillis when it was put there, milliseconds since 1970
 * @param segment first number of the segment that holds it
 * @param position of its bytes in the segment
 * @param length of its bytes
 */
public record Item(
        long sequence,
        int part,
        TenantId tenant,
        long entries,
        long lineBytes,
        long createdMillis,
        long segment,
        long position,
        int length)
        implements Comparable<Item> {
    @Override
    public int compareTo(Item o) {
        return sequence == o.sequence ? Integer.compare(part, o.part) : Long.compare(sequence, o.sequence);
    }
}
