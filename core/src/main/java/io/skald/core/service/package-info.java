/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
/** Start, stop and health of a process: the close stack, readiness, the clock, metrics and the log of the process itself. */
@org.jspecify.annotations.NullMarked
package io.skald.core.service;
