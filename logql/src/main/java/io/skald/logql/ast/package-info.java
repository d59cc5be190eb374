/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
/** The tree of a query: sealed records without behaviour. Each node knows its place in the query text. */
@org.jspecify.annotations.NullMarked
package io.skald.logql.ast;
