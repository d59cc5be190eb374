/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
/** The WAL as the head: which stream has entries where in the WAL, and the readers that answer queries from it. */
@org.jspecify.annotations.NullMarked
package io.skald.ingester.head;
