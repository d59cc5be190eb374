/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline.template;

import java.io.Serial;

/** A text that is no template. The message is what Go says, {@code template: line:1: unexpected EOF}. */
public final class TemplateSyntaxException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1;

    TemplateSyntaxException(String message) {
        super(message);
    }
}
