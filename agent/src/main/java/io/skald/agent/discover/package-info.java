/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
/** Finds the files to follow and tells them apart. For the tail thread of {@link io.skald.agent.Agent}. */
@org.jspecify.annotations.NullMarked
package io.skald.agent.discover;
