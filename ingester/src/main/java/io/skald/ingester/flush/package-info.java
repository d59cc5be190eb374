/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
/** Cuts the head at one WAL position into segments, commits them and lets go of the WAL. */
@org.jspecify.annotations.NullMarked
package io.skald.ingester.flush;
