/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
/** Immutable values that every module speaks in: labels, matchers, tenants, entries. No I/O. */
@org.jspecify.annotations.NullMarked
package io.skald.core.model;
