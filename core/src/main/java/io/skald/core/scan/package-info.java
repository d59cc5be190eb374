/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
/**
 * How entries are read, whatever holds them: the head of an ingester, stored segments, or both merged. Sources implement these interfaces,
 * the query engine consumes them; the two never see each other.
 */
@org.jspecify.annotations.NullMarked
package io.skald.core.scan;
