/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
/** The outbox: what was read, with its times and file offsets, on disk before it is first sent; and the one source of read positions. */
@org.jspecify.annotations.NullMarked
package io.skald.agent.spool;
