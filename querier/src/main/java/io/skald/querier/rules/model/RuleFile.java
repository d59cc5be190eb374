/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.model;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a file of rules says.
 *
 * @param namespace what groups it belongs to is called, or null if the file does not say
 */
public record RuleFile(@Nullable String namespace, List<RuleGroup> groups) {
    public RuleFile {
        groups = List.copyOf(groups);
    }
}
