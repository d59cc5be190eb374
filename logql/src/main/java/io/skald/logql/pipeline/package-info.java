/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
/** Stages compiled once per query that run once per line. */
@org.jspecify.annotations.NullMarked
package io.skald.logql.pipeline;
