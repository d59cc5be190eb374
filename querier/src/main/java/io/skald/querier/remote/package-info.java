/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
/** Ingesters in other processes: which there are, where they are, and what they hold. */
@org.jspecify.annotations.NullMarked
package io.skald.querier.remote;
