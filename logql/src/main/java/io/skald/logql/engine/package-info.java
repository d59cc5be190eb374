/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
/** Runs a query over a LogSource: streams for log queries, matrices, vectors and scalars for metric queries. */
@org.jspecify.annotations.NullMarked
package io.skald.logql.engine;
