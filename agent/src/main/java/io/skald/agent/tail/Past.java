/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.tail;

import io.skald.agent.spool.FileState;

/**
 * What was in a file before it was truncated.
 *
 * @param unreadBytes so many bytes were there that had not been read
 */
record Past(FileState state, long unreadBytes) {}
