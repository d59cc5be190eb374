/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.http;

import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;

/** A WebSocket over a connection. Thread-safe as its interface says. */
// a write or close that fails ends the channel, and that is seen by channelInactive: its future says nothing more
@SuppressWarnings("FutureReturnValueIgnored")
final class NettyWebSocket implements WebSocket {
    /** Makes the handshake; returns when it is done. */
    interface Handshake {
        void run() throws IOException;
    }

    private static final int MAX_REASON = 123;

    private final Connection connection;
    private final Handshake handshake;
    private final AtomicBoolean accepted = new AtomicBoolean();
    private final AtomicBoolean closed = new AtomicBoolean();

    NettyWebSocket(Connection connection, Handshake handshake) {
        this.connection = connection;
        this.handshake = handshake;
    }

    boolean isAccepted() {
        return accepted.get();
    }

    @Override
    public void accept() throws IOException {
        if (accepted.compareAndSet(false, true)) {
            handshake.run();
        }
    }

    @Override
    public void send(String text) throws IOException {
        accept();
        if (closed.get()) {
            throw new IOException("the WebSocket is closed");
        }
        connection.awaitWritable(Duration.ZERO);
        connection.channel.writeAndFlush(new TextWebSocketFrame(text), connection.channel.voidPromise());
    }

    @Override
    public boolean isOpen() {
        return !closed.get() && !connection.isGone();
    }

    @Override
    public void close(int status, String reason) {
        if (accepted.get() && closed.compareAndSet(false, true) && !connection.isGone()) {
            // the peer answers with its own close frame, on which the handler closes the channel
            connection.channel.writeAndFlush(new CloseWebSocketFrame(status, shorten(reason)));
        }
    }

    /** The peer has sent a close frame. */
    void peerClosed() {
        closed.set(true);
        connection.signal();
    }

    /** Cuts a reason to what fits a close frame, at a character. */
    static String shorten(String reason) {
        String s = reason;
        while (s.getBytes(StandardCharsets.UTF_8).length > MAX_REASON) {
            s = s.substring(0, s.offsetByCodePoints(s.length(), -1));
        }
        return s;
    }
}
