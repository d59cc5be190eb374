/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
/** Serves what an ingester holds to queriers in other processes. */
@org.jspecify.annotations.NullMarked
package io.skald.ingester.recent;
