/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.push;

import io.skald.core.model.ErrorCode;
import io.skald.core.model.RequestException;
import io.skald.core.wire.ByteArrays;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.zip.GZIPInputStream;
import java.util.zip.Inflater;
import java.util.zip.InflaterInputStream;
import java.util.zip.ZipException;
import org.xerial.snappy.Snappy;

/**
 * Undoes the compression of request bodies: never into more than a bound, and never into memory that was not admitted. Confined to one
 * thread, for one push; {@link #close} gives the memory back, so nothing may refer to the bytes afterwards.
 */
final class Decompress implements AutoCloseable {
    /** First guess of how much a compressed body becomes. */
    private static final int USUAL_RATIO = 4;

    private final Admission.Ticket ticket;
    private final int max;
    private byte[] bytes = new byte[0];
    private int length;
    private boolean pooled;

    /**
     * @param ticket takes what is decompressed
     * @param max most bytes of a result
     */
    Decompress(Admission.Ticket ticket, int max) {
        this.ticket = ticket;
        this.max = max;
    }

    /** The body; only the first {@link #length} bytes count. */
    byte[] bytes() {
        return bytes;
    }

    int length() {
        return length;
    }

    /** The body in an array of its own length. */
    byte[] toArray() {
        return bytes.length == length ? bytes : Arrays.copyOf(bytes, length);
    }

    /**
     * Undoes a content encoding.
     *
     * @throws RequestException if the encoding is not known, the body broken, the result too large or not to be admitted now
     */
    void body(byte[] body, String encoding) {
        switch (encoding) {
            case "", "identity" -> {
                if (body.length > max) {
                    throw tooLarge();
                }
                set(body, body.length, false);
            }
            case "gzip", "x-gzip" -> inflate(body, true);
            case "deflate" -> inflate(body, false);
            case "snappy" -> snappy(body, body.length);
            default ->
                throw new RequestException(
                        ErrorCode.BAD_REQUEST, "Content-Encoding \"" + encoding + "\" not supported");
        }
    }

    /** Undoes a second compression, by snappy, if what was decompressed first is that. */
    void snappyWithin() {
        long n = uncompressedLength(bytes, length);
        if (n >= 0 && n <= 64L * length && valid()) {
            byte[] outer = bytes;
            int outerLength = length;
            boolean outerPooled = pooled;
            pooled = false;
            snappy(outer, outerLength);
            if (outerPooled) {
                ByteArrays.release(outer);
            }
        }
    }

    private boolean valid() {
        try {
            return Snappy.isValidCompressedBuffer(bytes, 0, length);
        } catch (IOException e) {
            return false;
        }
    }

    private void set(byte[] b, int n, boolean fromPool) {
        bytes = b;
        length = n;
        pooled = fromPool;
    }

    RequestException tooLarge() {
        return new RequestException(
                ErrorCode.PAYLOAD_TOO_LARGE,
                "push is larger than " + max + " bytes after decompression (ingester.max_push_size)");
    }

    /** A block of snappy without framing, as Loki's and Prometheus' clients send it. */
    private void snappy(byte[] body, int bodyLength) {
        long n = uncompressedLength(body, bodyLength);
        if (n < 0) {
            throw corrupt();
        }
        // a byte of snappy gives at most 64, so that a length that the body cannot hold is refused before it is
        // allocated
        if (n > max) {
            throw tooLarge();
        }
        if (n > 64L * bodyLength) {
            throw corrupt();
        }
        ticket.take(n);
        byte[] out = ByteArrays.take((int) n);
        try {
            // checks every copy against the length in the head of the block, for which there is room
            int got = Snappy.uncompress(body, 0, bodyLength, out, 0);
            if (got != n) {
                throw corrupt();
            }
        } catch (IOException | RequestException e) {
            ByteArrays.release(out);
            throw e instanceof RequestException r
                    ? r
                    : new RequestException(ErrorCode.BAD_REQUEST, "snappy: corrupt input", e);
        }
        set(out, (int) n, true);
    }

    private static RequestException corrupt() {
        return new RequestException(ErrorCode.BAD_REQUEST, "snappy: corrupt input");
    }

    private static long uncompressedLength(byte[] body, int bodyLength) {
        long v = 0;
        for (int i = 0; i < Math.min(5, bodyLength); i++) {
            v |= (long) (body[i] & 0x7f) << (7 * i);
            if (body[i] >= 0) {
                return v <= Integer.MAX_VALUE ? v : -1;
            }
        }
        return -1;
    }

    private void inflate(byte[] body, boolean gzip) {
        byte[] out = new byte[0];
        int n = 0;
        Inflater inflater = new Inflater(!zlib(body));
        try (InputStream in = gzip
                ? new GZIPInputStream(new ByteArrayInputStream(body), 8192)
                : new InflaterInputStream(new ByteArrayInputStream(body), inflater, 8192)) {
            while (true) {
                if (n == out.length) {
                    if (n == max) {
                        if (in.read() >= 0) {
                            throw tooLarge();
                        }
                        break;
                    }
                    int size = (int) Math.min(max, Math.max(512L, n == 0 ? (long) USUAL_RATIO * body.length : 2L * n));
                    ticket.take((long) size - n);
                    out = Arrays.copyOf(out, size);
                }
                int read = in.read(out, n, out.length - n);
                if (read < 0) {
                    break;
                }
                n += read;
            }
        } catch (EOFException e) {
            throw new RequestException(ErrorCode.BAD_REQUEST, "unexpected EOF", e);
        } catch (ZipException e) {
            String what = gzip ? "gzip: invalid header" : "flate: corrupt input";
            throw new RequestException(ErrorCode.BAD_REQUEST, body.length < 10 ? "unexpected EOF" : what, e);
        } catch (IOException e) {
            throw new RequestException(ErrorCode.BAD_REQUEST, "body cannot be decompressed", e);
        } finally {
            inflater.end();
        }
        set(out, n, false);
    }

    /** Whether deflated bytes have zlib's head, as HTTP says they should; many clients send them bare. */
    private static boolean zlib(byte[] body) {
        return body.length >= 2 && (body[0] & 0x0f) == 8 && ((body[0] & 0xff) << 8 | body[1] & 0xff) % 31 == 0;
    }

    @Override
    public void close() {
        if (pooled) {
            ByteArrays.release(bytes);
        }
        set(new byte[0], 0, false);
    }
}
