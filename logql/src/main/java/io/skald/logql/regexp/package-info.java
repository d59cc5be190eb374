/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
/**
 * Tells in linear time and bounded memory whether bytes match a regular expression, by an automaton that is built while it runs. For pure
 * matching only: groups are found elsewhere, on lines that matched. The pipeline uses it; it knows nothing of queries.
 */
@org.jspecify.annotations.NullMarked
package io.skald.logql.regexp;
