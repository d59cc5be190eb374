/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
/** Tells which lines of agents' files no ingester has. For whoever puts a process together. */
@org.jspecify.annotations.NullMarked
package io.skald.querier.gaps;
