/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
/** Rewrites segments: merges small ones, packs densely, applies deletes. Mechanics only; who runs it decides when. */
@org.jspecify.annotations.NullMarked
package io.skald.storage.compact;
