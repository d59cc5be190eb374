/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
/** The exact-read protocol: index first, then the ingesters behind their fences; parts of a stream merged, equal entries collapsed. */
@org.jspecify.annotations.NullMarked
package io.skald.querier.source;
