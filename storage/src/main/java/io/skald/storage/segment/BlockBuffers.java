/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.segment;

import org.jspecify.annotations.Nullable;

/** What one block after the other is decoded into. In use by one block at a time. */
final class BlockBuffers {
    long @Nullable [] times;
    int @Nullable [] offsets;
    byte @Nullable [] lines;
}
