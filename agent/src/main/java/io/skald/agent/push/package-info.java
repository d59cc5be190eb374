/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
/** Sends the outbox, in order, until it is taken. */
@org.jspecify.annotations.NullMarked
package io.skald.agent.push;
