/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.head;

/** Listens to nothing, at the first millisecond of 1970. */
final class NoEvents implements Head.WalEvents {
    @Override
    public void synced(long nanos, long bytes) {}

    @Override
    public void poisoned() {}

    @Override
    public void corrupt() {}

    @Override
    public void setAside() {}

    @Override
    public long nowMillis() {
        return 1;
    }
}
