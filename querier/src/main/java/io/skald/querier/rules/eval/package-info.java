/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
/** Evaluates rule groups: when, by whom, against which lines, and what becomes of their alerts. */
@org.jspecify.annotations.NullMarked
package io.skald.querier.rules.eval;
