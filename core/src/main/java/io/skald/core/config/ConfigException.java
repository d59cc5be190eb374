/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.config;

import java.io.Serial;
import java.util.List;

/** A config file that cannot be used. The message has one line for each problem, each with file, line and key. */
public final class ConfigException extends Exception {
    @Serial
    private static final long serialVersionUID = 1;

    @SuppressWarnings("serial") // List.copyOf gives a serializable list
    private final List<String> problems;

    /** @param problems one text each, with file, line and key */
    public ConfigException(List<String> problems) {
        super(String.join("\n", problems));
        this.problems = List.copyOf(problems);
    }

    /** Every problem found, in the order of the file. */
    public List<String> problems() {
        return problems;
    }
}
