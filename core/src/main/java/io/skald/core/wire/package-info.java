/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
/**
 * Where processes meet: what the agent hands to an ingester and what a querier asks of one. In one process these are calls; between
 * processes the same interfaces are served over HTTP.
 */
@org.jspecify.annotations.NullMarked
package io.skald.core.wire;
