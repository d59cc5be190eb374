/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.store;

import io.skald.querier.rules.model.RuleGroup;
import org.jspecify.annotations.Nullable;

/**
 * A group in force.
 *
 * @param file where it comes from, or null if it was written by the API and can be changed there
 */
public record LoadedGroup(
        GroupKey key, RuleGroup group, @Nullable String file) {}
