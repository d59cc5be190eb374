/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
/** Both stores in memory: the reference that the others are tested against. */
@org.jspecify.annotations.NullMarked
package io.skald.storage.memory;
