/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline;

import io.skald.core.model.ErrorCode;
import io.skald.core.model.RequestException;
import java.io.Serial;

/** A stage that can be read but not run; who compiles the stages turns it into the error that the user sees. */
public final class PipelineException extends RequestException {
    @Serial
    private static final long serialVersionUID = 1;

    PipelineException(String message) {
        super(ErrorCode.BAD_REQUEST, message);
    }

    PipelineException(String message, Throwable cause) {
        super(ErrorCode.BAD_REQUEST, message, cause);
    }
}
