/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
/** Runs compactions, ends retention, takes delete requests. Beside the ingester, in whichever process is to do that. */
@org.jspecify.annotations.NullMarked
package io.skald.ingester.compact;
