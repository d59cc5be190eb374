/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
/** What recording rules compute: sent by remote write through a queue on disk, or scraped. */
@org.jspecify.annotations.NullMarked
package io.skald.querier.rules.record;
