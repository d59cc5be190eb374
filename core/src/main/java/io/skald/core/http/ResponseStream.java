/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.http;

import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;

/**
 * Sends one response. What fits a buffer goes out with its length, more goes out in chunks as it is written, compressed when the client
 * asked. Confined to the handler's thread.
 */
// a write or close that fails ends the channel, and that is seen by channelInactive: its future says nothing more
@SuppressWarnings("FutureReturnValueIgnored")
final class ResponseStream extends OutputStream {
    private static final int BUFFER = 16 * 1024;
    /** Less than this is not worth compressing. */
    private static final int GZIP_FROM = 1024;

    /**
     * What the request says about the response.
     *
     * @param head whether the body is left out
     * @param chunks whether the client knows chunked encoding (HTTP/1.1)
     * @param gzip whether the client accepts gzip
     * @param keepAlive whether the connection stays open afterwards
     */
    record Terms(boolean head, boolean chunks, boolean gzip, boolean keepAlive) {}

    private final Connection connection;
    private final Duration stall;
    private final int status;
    private final Map<String, String> headers;
    private final Terms terms;
    private final boolean compress;
    private final byte[] buffer = new byte[BUFFER];
    private int buffered;
    private @Nullable OutputStream committed;

    ResponseStream(Connection connection, Duration stall, int status, Map<String, String> headers, Terms terms) {
        this.connection = connection;
        this.stall = stall;
        this.status = status;
        this.headers = headers;
        this.terms = terms;
        this.compress = terms.gzip && compressible(headers);
    }

    private static boolean compressible(Map<String, String> headers) {
        boolean text = false;
        for (Map.Entry<String, String> h : headers.entrySet()) {
            String name = h.getKey().toLowerCase(Locale.ROOT);
            if (name.equals("content-encoding")) {
                return false;
            }
            if (name.equals("content-type")) {
                String type = h.getValue().toLowerCase(Locale.ROOT);
                text = type.startsWith("text/") || type.contains("json") || type.contains("xml");
            }
        }
        return text;
    }

    /** Whether the status line is already on its way, so that no error can be answered any more. */
    boolean isCommitted() {
        return committed != null;
    }

    @Override
    public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        if (length > BUFFER - buffered) {
            push();
        }
        if (length > BUFFER) {
            commit().write(bytes, offset, length);
            return;
        }
        System.arraycopy(bytes, offset, buffer, buffered, length);
        buffered += length;
    }

    /** Sends what is buffered if the response is under way; the first buffer waits for its end or its overflow. */
    @Override
    public void flush() throws IOException {
        if (committed != null) {
            push();
            committed.flush();
        }
    }

    private void push() throws IOException {
        OutputStream out = commit();
        out.write(buffer, 0, buffered);
        buffered = 0;
    }

    private OutputStream commit() throws IOException {
        OutputStream out = committed;
        if (out == null) {
            DefaultHttpResponse response =
                    new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(status));
            setHeaders(response.headers(), compress);
            if (terms.chunks) {
                response.headers().set(HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderValues.CHUNKED);
            }
            connection.awaitWritable(stall);
            connection.channel.write(response, connection.channel.voidPromise());
            OutputStream chunks = new Chunks();
            out = compress ? new FastGzip(chunks) : chunks;
            committed = out;
        }
        return out;
    }

    private void setHeaders(HttpHeaders target, boolean gzipped) {
        headers.forEach(target::set);
        if (compress) {
            target.set(HttpHeaderNames.VARY, HttpHeaderNames.ACCEPT_ENCODING);
        }
        if (gzipped) {
            target.set(HttpHeaderNames.CONTENT_ENCODING, HttpHeaderValues.GZIP);
        }
        if (!terms.keepAlive) {
            target.set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        }
        if (status == 429 || status == 503) {
            // whoever retries must know to wait; handlers that know better set it themselves
            if (!target.contains(HttpHeaderNames.RETRY_AFTER)) {
                target.set(HttpHeaderNames.RETRY_AFTER, "1");
            }
        }
    }

    /** Ends the response. */
    void finish() throws IOException {
        if (committed != null) {
            push();
            committed.close();
            connection.awaitWritable(stall);
            connection.channel.writeAndFlush(LastHttpContent.EMPTY_LAST_CONTENT);
            return;
        }
        byte[] body = Arrays.copyOf(buffer, buffered);
        boolean gzipped = compress && buffered >= GZIP_FROM;
        if (gzipped) {
            ByteArrayOutputStream packed = new ByteArrayOutputStream(buffered / 2);
            try (OutputStream out = new FastGzip(packed)) {
                out.write(body);
            }
            body = packed.toByteArray();
        }
        DefaultFullHttpResponse response = new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1,
                HttpResponseStatus.valueOf(status),
                Unpooled.wrappedBuffer(terms.head ? new byte[0] : body));
        setHeaders(response.headers(), gzipped);
        if (status != 204 && status != 304) {
            response.headers().set(HttpHeaderNames.CONTENT_LENGTH, body.length);
        }
        connection.awaitWritable(stall);
        connection.channel.writeAndFlush(response);
    }

    /** The body as HTTP content; waits for slow clients. */
    private final class Chunks extends OutputStream {
        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            for (int at = 0; at < length; at += 64 * 1024) {
                int n = Math.min(64 * 1024, length - at);
                connection.awaitWritable(stall);
                if (!terms.head) {
                    byte[] copy = Arrays.copyOfRange(bytes, offset + at, offset + at + n);
                    connection.channel.writeAndFlush(
                            new DefaultHttpContent(Unpooled.wrappedBuffer(copy)), connection.channel.voidPromise());
                }
            }
        }
    }

    /** Gzip that spends little time: answers are read once. */
    private static final class FastGzip extends GZIPOutputStream {
        FastGzip(OutputStream out) throws IOException {
            super(out, 8192, true);
            def.setLevel(3);
        }
    }
}
