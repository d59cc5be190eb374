/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
/** Alert and recording rules. */
@org.jspecify.annotations.NullMarked
package io.skald.querier.rules;
