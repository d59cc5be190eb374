/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.wire;

import io.skald.core.model.ErrorCode;
import io.skald.core.model.RequestException;

/**
 * What decoding a push may take on the heap, beside its body: enough for whatever a client means, and little against a body of a million
 * empty messages, each of which would become objects. Confined to one thread, for one push.
 */
public final class DecodeBudget {
    private static final long BASE_BYTES = 16 << 20;
    private static final int PER_BODY_BYTE = 8;

    // about what these take, with the arrays that hold them
    public static final int STREAM = 320;
    public static final int ENTRY = 64;
    public static final int PAIR = 160;
    public static final int NODE = 120;
    public static final int REFERENCES_OF_PAIR = 8;

    private final long most;
    private long left;

    /** @param bodyLength of the body that is decoded, bytes */
    public DecodeBudget(int bodyLength) {
        most = BASE_BYTES + (long) PER_BODY_BYTE * bodyLength;
        left = most;
    }

    /** @throws RequestException 413 if it is too much */
    public void take(int bytes) {
        left -= bytes;
        if (left < 0) {
            throw new RequestException(
                    ErrorCode.PAYLOAD_TOO_LARGE,
                    "push has too many parts for its size: decoded, it takes more than " + most + " bytes");
        }
    }
}
