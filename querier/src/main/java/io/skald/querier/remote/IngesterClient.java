/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.remote;

import io.skald.core.block.ByteSink;
import io.skald.core.block.ByteSource;
import io.skald.core.model.StoreException;
import io.skald.core.wire.recent.Frames;
import io.skald.core.wire.recent.RecentAnswers;
import io.skald.core.wire.recent.RecentFormat;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/** Sends requests to ingesters. Thread-safe. */
public final class IngesterClient implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(IngesterClient.class.getName());
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(2);
    /** Enough of an error's text to see what is wrong. */
    private static final int MAX_ERROR = 1000;

    private final HttpClient http;
    private final Duration timeout;

    /** @param timeout of one request, until its answer begins */
    public IngesterClient(Duration timeout) {
        this.timeout = timeout;
        this.http = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(CONNECT_TIMEOUT)
                .executor(Executors.newVirtualThreadPerTaskExecutor())
                .build();
    }

    /** Reads an answer. */
    interface Reader<T> {
        T read(InputStream in) throws IOException, StoreException;
    }

    /** Who is at an address. */
    RecentAnswers.Who who(String url) throws StoreException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(url + RecentFormat.WHO))
                .timeout(timeout)
                .build();
        return twice(url, request, in -> RecentAnswers.Who.decode(frame(in, url)));
    }

    /** A request that can be repeated: is sent again once when the connection fails, not when time is up. */
    <T> T ask(String url, String path, ByteSink body, Duration extra, Reader<T> reader) throws StoreException {
        return twice(url, post(url, path, body, extra).build(), reader);
    }

    /** The same, to be answered by one ingester only: addresses are used again. */
    <T> T ask(String ingesterId, String url, String path, ByteSink body, Duration extra, Reader<T> reader)
            throws StoreException {
        HttpRequest request = post(url, path, body, extra)
                .header(RecentFormat.INGESTER, ingesterId)
                .build();
        return twice(url, request, reader);
    }

    /** Sends a request of which nobody waits for the answer. */
    void tell(String url, String path, ByteSink body) {
        HttpRequest request = post(url, path, body, Duration.ZERO).build();
        Thread.ofVirtual().name("tell").start(() -> {
            try {
                http.send(request, HttpResponse.BodyHandlers.discarding());
            } catch (IOException e) {
                LOG.log(System.Logger.Level.DEBUG, url + path + " was not told", e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
    }

    private HttpRequest.Builder post(String url, String path, ByteSink body, Duration extra) {
        return HttpRequest.newBuilder(URI.create(url + path))
                .timeout(timeout.plus(extra))
                .header("Content-Type", RecentFormat.CONTENT_TYPE)
                .POST(HttpRequest.BodyPublishers.ofByteArray(Frames.encode(body)));
    }

    private <T> T twice(String url, HttpRequest request, Reader<T> reader) throws StoreException {
        try {
            try {
                return once(url, request, reader);
            } catch (HttpTimeoutException | ConnectException e) {
                throw e;
            } catch (IOException e) {
                // most often a kept connection that the other side has closed
                return once(url, request, reader);
            }
        } catch (HttpTimeoutException e) {
            throw new StoreException.Unavailable(url + ": no answer in time", e);
        } catch (IOException e) {
            String why = e instanceof ConnectException ? "cannot connect" : String.valueOf(e.getMessage());
            throw new StoreException.Unavailable(url + ": " + why, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoreException.Unavailable(url + ": interrupted", e);
        }
    }

    private <T> T once(String url, HttpRequest request, Reader<T> reader)
            throws IOException, StoreException, InterruptedException {
        HttpResponse<InputStream> r = http.send(request, HttpResponse.BodyHandlers.ofInputStream());
        try (InputStream in = r.body()) {
            if (r.statusCode() == 200) {
                return reader.read(in);
            }
            String text = new String(in.readNBytes(MAX_ERROR), StandardCharsets.UTF_8).strip();
            throw r.statusCode() == RecentFormat.STALE
                    ? new StoreException.Stale(text)
                    : new StoreException.Unavailable(url + " answered " + r.statusCode() + ": " + text);
        }
    }

    /** The next frame, which must be there. */
    static ByteSource frame(InputStream in, String from) throws IOException, StoreException {
        ByteSource frame = maybeFrame(in, from);
        if (frame == null) {
            throw new IOException("the answer ends early");
        }
        return frame;
    }

    static @Nullable ByteSource maybeFrame(InputStream in, String from) throws IOException, StoreException {
        return Frames.read(in, "answer of " + from);
    }

    @Override
    public void close() {
        http.shutdownNow();
    }
}
