/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.head;

import io.skald.core.model.TenantId;

/**
 * What tells a native push from all others.
 *
 * @param agent the agent's name, stable across its restarts
 * @param epoch which start of the agent made the push
 * @param sequence its number in the epoch, from 1
 * @param checksum of its bytes: a repeat has the same
 */
public record PushId(TenantId tenant, String agent, long epoch, long sequence, int checksum) {}
