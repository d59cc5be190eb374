/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.discover;

import java.util.List;
import java.util.Map;

/** Finds targets: sets of labels, those beginning with two underscores for relabelling only. Thread-safe. */
public interface Discovery extends AutoCloseable {
    /** A label of targets of which more may be known soon: for how many nanoseconds their files wait before they are read. */
    String PROVISIONAL = "__provisional__";

    /** A label with the pattern of a container's files, for jobs without rules. */
    String POD_PATH = "__pod_path__";

    /** A discovery of targets that do not change. */
    record Fixed(List<Map<String, String>> all) implements Discovery {
        public Fixed {
            all = List.copyOf(all);
        }

        @Override
        public List<Map<String, String>> targets() {
            return all;
        }
    }

    /** What there is now. */
    List<Map<String, String>> targets();

    /** As in the configuration, without {@code _configs}. */
    default String type() {
        return "static";
    }

    /** What keeps it from finding out, or an empty text. */
    default String problem() {
        return "";
    }

    /** Begins to look. @param changed is run when there are other targets */
    default void start(Runnable changed) {}

    @Override
    default void close() {}
}
