/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.model;

import io.skald.core.model.ErrorCode;
import io.skald.core.model.RequestException;
import java.util.List;

/** Rules that cannot be used. The message has one line for each problem, each with the line and column in the YAML. */
public final class RuleException extends RequestException {
    private static final long serialVersionUID = 1;

    @SuppressWarnings("serial") // List.copyOf gives a serializable list
    private final List<String> problems;

    RuleException(List<String> problems) {
        super(ErrorCode.BAD_REQUEST, String.join("\n", problems));
        this.problems = List.copyOf(problems);
    }

    /** Every problem found, in the order of the text. */
    public List<String> problems() {
        return problems;
    }
}
