/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
/** {@link io.skald.core.wire.RecentEntries} as bytes: what a querier and an ingester say to each other. Format page: docs/formats/recent.md. */
@org.jspecify.annotations.NullMarked
package io.skald.core.wire.recent;
