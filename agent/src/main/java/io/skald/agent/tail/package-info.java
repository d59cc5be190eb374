/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
/** Reads files through rotation and truncation and turns their bytes into entries with times. Confined to the agent's tail thread. */
@org.jspecify.annotations.NullMarked
package io.skald.agent.tail;
