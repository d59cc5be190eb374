/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.tail;

import io.skald.agent.spool.FileState;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/**
 * What is known of files when an agent starts.
 *
 * @param states how far they were read
 * @param offsets where others are read on, by path, as the agent's predecessor has it
 */
public record KnownFiles(Collection<FileState> states, Map<String, Long> offsets) {
    public KnownFiles {
        states = List.copyOf(states);
        offsets = Map.copyOf(offsets);
    }
}
