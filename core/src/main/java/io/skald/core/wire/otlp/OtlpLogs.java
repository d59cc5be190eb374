/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.wire.otlp;

import io.skald.core.model.EntryBatch;
import io.skald.core.model.ErrorCode;
import io.skald.core.model.RequestException;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads OpenTelemetry's log export requests. Thread-safe. */
public final class OtlpLogs {
    private OtlpLogs() {}

    /**
     * The entries of a request in protobuf, by streams: some attributes of the resource are labels, the rest is structured metadata.
     *
     * @param length of what is used of the body, bytes
     * @throws RequestException 400 if it is not such a message, 413 if it would become too large
     */
    public static List<EntryBatch> proto(byte[] body, int length) {
        return OtlpProto.decode(body, length);
    }

    /** The same of a request in JSON. */
    public static List<EntryBatch> json(byte[] body, int length) {
        return OtlpJson.decode(body, length);
    }

    /** An error as clients expect it that sent protobuf: a {@code google.rpc.Status} with the message in field 2. */
    public static byte[] status(String message) {
        byte[] text = message.getBytes(StandardCharsets.UTF_8);
        ByteArrayOutputStream out = new ByteArrayOutputStream(text.length + 6);
        out.write(2 << 3 | 2);
        int n = text.length;
        while (n > 0x7f) {
            out.write(n & 0x7f | 0x80);
            n >>>= 7;
        }
        out.write(n);
        out.writeBytes(text);
        return out.toByteArray();
    }

    static RequestException bad(String message, @Nullable Throwable cause) {
        return cause == null
                ? new RequestException(ErrorCode.BAD_REQUEST, message)
                : new RequestException(ErrorCode.BAD_REQUEST, message, cause);
    }
}
