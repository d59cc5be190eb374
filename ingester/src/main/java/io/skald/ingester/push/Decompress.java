/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.push;

import io.skald.core.model.ErrorCode;
import io.skald.core.model.RequestException;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.zip.GZIPInputStream;
import java.util.zip.InflaterInputStream;
import java.util.zip.ZipException;
import org.xerial.snappy.Snappy;

/** Undoes the compression of request bodies, never into more than a bound. */
final class Decompress {
    private Decompress() {}

    /**
     * Undoes a content encoding.
     *
     * @param max most bytes of the result
     * @throws RequestException if the encoding is not known, the body broken or the result too large
     */
    static byte[] body(byte[] body, String encoding, int max) {
        return switch (encoding) {
            case "", "identity" -> checked(body, max);
            case "gzip" -> inflate(body, true, max);
            case "deflate" -> inflate(body, false, max);
            case "snappy" -> snappy(body, max);
            default ->
                throw new RequestException(
                        ErrorCode.BAD_REQUEST, "Content-Encoding \"" + encoding + "\" not supported");
        };
    }

    private static byte[] checked(byte[] body, int max) {
        if (body.length > max) {
            throw tooLarge(max);
        }
        return body;
    }

    static RequestException tooLarge(int max) {
        return new RequestException(
                ErrorCode.PAYLOAD_TOO_LARGE, "push is larger than " + max + " bytes after decompression");
    }

    /** A block of snappy without framing, as Loki's and Prometheus' clients send it. */
    static byte[] snappy(byte[] body, int max) {
        long length = uncompressedLength(body);
        if (length < 0) {
            throw corrupt();
        }
        // a byte of snappy gives at most 64, so that a length that the body cannot hold is refused before it is
        // allocated
        if (length > max) {
            throw tooLarge(max);
        }
        if (length > 64L * body.length) {
            throw corrupt();
        }
        try {
            byte[] out = new byte[(int) length];
            if (!Snappy.isValidCompressedBuffer(body) || Snappy.uncompress(body, 0, body.length, out, 0) != length) {
                throw corrupt();
            }
            return out;
        } catch (IOException e) {
            throw new RequestException(ErrorCode.BAD_REQUEST, "snappy: corrupt input", e);
        }
    }

    private static RequestException corrupt() {
        return new RequestException(ErrorCode.BAD_REQUEST, "snappy: corrupt input");
    }

    private static long uncompressedLength(byte[] body) {
        long v = 0;
        for (int i = 0; i < Math.min(5, body.length); i++) {
            v |= (long) (body[i] & 0x7f) << (7 * i);
            if (body[i] >= 0) {
                return v;
            }
        }
        return -1;
    }

    private static byte[] inflate(byte[] body, boolean gzip, int max) {
        byte[] out = new byte[(int) Math.min(max, Math.max(512L, 4L * body.length))];
        int n = 0;
        try (InputStream in = gzip
                ? new GZIPInputStream(new ByteArrayInputStream(body))
                : new InflaterInputStream(new ByteArrayInputStream(body))) {
            while (true) {
                int read = in.read(out, n, out.length - n);
                if (read < 0) {
                    return Arrays.copyOf(out, n);
                }
                n += read;
                if (n == out.length) {
                    int more = n == max ? in.read() : 0;
                    if (more > 0 || n == max && more == 0) {
                        throw tooLarge(max);
                    }
                    if (more < 0) {
                        return out;
                    }
                    out = Arrays.copyOf(out, (int) Math.min(max, 2L * n));
                }
            }
        } catch (EOFException e) {
            throw new RequestException(ErrorCode.BAD_REQUEST, "unexpected EOF", e);
        } catch (ZipException e) {
            String what = gzip ? "gzip: invalid header" : "flate: corrupt input";
            throw new RequestException(ErrorCode.BAD_REQUEST, body.length < 10 ? "unexpected EOF" : what, e);
        } catch (IOException e) {
            throw new RequestException(ErrorCode.BAD_REQUEST, "body cannot be decompressed", e);
        }
    }
}
