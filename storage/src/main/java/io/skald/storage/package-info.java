/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
/** The two interfaces that every backend implements: segments (large immutable objects) and the index (small ordered records). */
@org.jspecify.annotations.NullMarked
package io.skald.storage;
