/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.http;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PongWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketServerHandshaker;
import io.netty.handler.codec.http.websocketx.WebSocketServerHandshakerFactory;
import io.netty.handler.timeout.IdleStateHandler;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.ScheduledFuture;
import io.skald.core.model.RequestException;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.channels.ClosedChannelException;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Turns a connection into a WebSocket and runs its handler on a virtual thread. */
// a write or close that fails ends the channel, and that is seen by channelInactive: its future says nothing more
@SuppressWarnings("FutureReturnValueIgnored")
final class SocketUpgrade {
    private static final Logger LOG = System.getLogger(HttpServer.class.getName());
    private static final int MAX_FRAME_BYTES = 64 * 1024;
    private static final int PING_SECONDS = 30;

    private final HttpServer server;
    private final Connection connection;
    private final Exchange exchange;
    private final RouteTable.Found found;
    private final RouteTable.Socket target;
    private final NettyWebSocket socket;

    SocketUpgrade(
            HttpServer server,
            Connection connection,
            Exchange exchange,
            RouteTable.Found found,
            RouteTable.Socket target) {
        this.server = server;
        this.connection = connection;
        this.exchange = exchange;
        this.found = found;
        this.target = target;
        this.socket = new NettyWebSocket(connection, this::handshake);
    }

    static boolean wanted(io.netty.handler.codec.http.HttpRequest head) {
        return head.method().name().equals("GET")
                && head.headers().containsValue(HttpHeaderNames.CONNECTION, HttpHeaderValues.UPGRADE, true)
                && head.headers().containsValue(HttpHeaderNames.UPGRADE, HttpHeaderValues.WEBSOCKET, true);
    }

    void start() {
        server.execute(this::run);
    }

    private void run() {
        long start = System.nanoTime();
        server.openSocket(socket);
        int status = 101;
        try {
            target.handler().handle(exchange.full(found, new byte[0]), socket);
            socket.accept();
            socket.close(1000, "");
        } catch (IOException e) {
            LOG.log(Level.DEBUG, () -> found.pattern() + ": " + e.getMessage());
            closeAfter(e);
        } catch (Exception | StackOverflowError e) {
            // as for a request: whatever a handler throws becomes an answer
            status = failed(e);
        } finally {
            server.closeSocket(socket);
            if (status == 101) {
                server.metrics().answered(found.pattern(), "GET", status, start);
            }
            // a peer that does not answer the close frame is not waited for
            Channel channel = connection.channel;
            if (!channel.eventLoop().isShuttingDown()) {
                channel.eventLoop().schedule(() -> channel.close(), 3, TimeUnit.SECONDS);
            }
        }
    }

    private void closeAfter(IOException e) {
        if (!connection.isGone()) {
            socket.close(1011, Objects.requireNonNullElse(e.getMessage(), "failed"));
        }
    }

    /** Answers a failure; returns the status that was sent, 101 if the WebSocket was open already. */
    private int failed(Throwable e) {
        HttpRequest request = exchange.full(found, new byte[0]);
        if (!socket.isAccepted()) {
            HttpResponse error = ErrorResponses.of(e, request);
            exchange.answerWith(error);
            return error.status();
        }
        if (e instanceof RequestException r) {
            socket.close(1008, r.getMessage());
        } else if (e instanceof InterruptedException) {
            socket.close(1001, "the server is stopping");
        } else {
            LOG.log(Level.ERROR, "WebSocket " + request.path() + " failed", e);
            socket.close(1011, "internal error, see the log");
        }
        return 101;
    }

    private void handshake() throws IOException {
        Channel channel = connection.channel;
        try {
            channel.eventLoop().submit(() -> upgrade(channel)).get().await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } catch (ExecutionException e) {
            throw new IOException("WebSocket handshake failed: " + e.getCause(), e);
        }
        if (connection.isGone()) {
            throw new IOException("client is gone");
        }
    }

    private io.netty.channel.ChannelFuture upgrade(Channel channel) throws IOException {
        if (!channel.isActive()) {
            throw new ClosedChannelException();
        }
        WebSocketServerHandshaker handshaker = new WebSocketServerHandshakerFactory(
                        "ws://" + exchange.head.headers().get(HttpHeaderNames.HOST, "localhost") + exchange.rawPath,
                        null,
                        false,
                        MAX_FRAME_BYTES)
                .newHandshaker(exchange.head);
        if (handshaker == null) {
            WebSocketServerHandshakerFactory.sendUnsupportedVersionResponse(channel);
            throw new IOException("unsupported WebSocket version");
        }
        channel.pipeline().remove(IdleStateHandler.class);
        channel.pipeline().addLast(new Frames());
        DefaultFullHttpRequest full = new DefaultFullHttpRequest(
                HttpVersion.HTTP_1_1, exchange.head.method(), exchange.head.uri(), Unpooled.EMPTY_BUFFER);
        full.headers().set(exchange.head.headers());
        try {
            io.netty.channel.ChannelFuture done = handshaker.handshake(channel, full);
            channel.pipeline().get(ConnectionHandler.class).upgraded();
            channel.config().setAutoRead(true);
            return done;
        } finally {
            full.release();
        }
    }

    /** The frames that come from the client: only control frames mean something. Confined to the event loop. */
    private final class Frames extends ChannelInboundHandlerAdapter {
        private @Nullable ScheduledFuture<?> pings;

        @Override
        public void handlerAdded(ChannelHandlerContext ctx) {
            pings = ctx.executor()
                    .scheduleAtFixedRate(
                            () -> {
                                // an unwritable channel is a slow client, not a dead one; TCP finds out which
                                if (ctx.channel().isWritable()) {
                                    ctx.writeAndFlush(new PingWebSocketFrame());
                                }
                            },
                            PING_SECONDS,
                            PING_SECONDS,
                            TimeUnit.SECONDS);
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            try {
                if (message instanceof PingWebSocketFrame ping) {
                    if (ctx.channel().isWritable()) {
                        ctx.writeAndFlush(new PongWebSocketFrame(ping.content().retain()));
                    }
                } else if (message instanceof CloseWebSocketFrame close) {
                    boolean ours = !socket.isOpen();
                    socket.peerClosed();
                    (ours
                                    ? ctx.newSucceededFuture()
                                    : ctx.writeAndFlush(
                                            close.statusCode() < 0
                                                    ? new CloseWebSocketFrame()
                                                    : new CloseWebSocketFrame(close.statusCode(), "")))
                            .addListener(ChannelFutureListener.CLOSE);
                }
            } finally {
                ReferenceCountUtil.release(message);
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            ScheduledFuture<?> p = pings;
            if (p != null) {
                p.cancel(false);
            }
            ctx.fireChannelInactive();
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            LOG.log(Level.DEBUG, "WebSocket failed", cause);
            ctx.close();
        }
    }
}
