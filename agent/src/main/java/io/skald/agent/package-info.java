/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
/** Follows log files and pushes their lines exactly once. What starts an agent uses this package and nothing below. */
@org.jspecify.annotations.NullMarked
package io.skald.agent;
