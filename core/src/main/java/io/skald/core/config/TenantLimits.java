/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.config;

import io.skald.core.model.TenantId;

/** The limits in force for a tenant now. Thread-safe; the answer may change between calls when overrides are reloaded. */
@FunctionalInterface
public interface TenantLimits {
    Limits of(TenantId tenant);
}
