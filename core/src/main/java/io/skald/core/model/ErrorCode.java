/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.model;

/** Why a request was refused. The HTTP status of each is chosen here and nowhere else. */
public enum ErrorCode {
    BAD_REQUEST(400),
    UNAUTHORIZED(401),
    NOT_FOUND(404),
    METHOD_NOT_ALLOWED(405),
    PAYLOAD_TOO_LARGE(413),
    UNSUPPORTED_MEDIA_TYPE(415),
    UNPROCESSABLE(422),
    TOO_MANY_REQUESTS(429),
    CLIENT_CLOSED(499),
    INTERNAL(500),
    UNAVAILABLE(503),
    TIMEOUT(504);

    private final int httpStatus;

    ErrorCode(int httpStatus) {
        this.httpStatus = httpStatus;
    }

    public int httpStatus() {
        return httpStatus;
    }

    /** Whether the same request may succeed later without a change. */
    public boolean retryable() {
        return this == TOO_MANY_REQUESTS || this == UNAVAILABLE || this == TIMEOUT || this == INTERNAL;
    }
}
