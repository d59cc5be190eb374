/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.http;

import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.netty.handler.timeout.IdleStateEvent;
import io.netty.util.ReferenceCountUtil;
import io.skald.core.model.RequestException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One connection: collects a request, hands it to a virtual thread, and takes the next when the response is out. While a request is being
 * handled the socket is still read, so that a client's hanging up is seen at once, until the client pipelines a further request. Confined
 * to the channel's event loop.
 */
// a write or close that fails ends the channel, and that is seen by channelInactive: its future says nothing more
@SuppressWarnings("FutureReturnValueIgnored")
final class ConnectionHandler extends ChannelInboundHandlerAdapter {
    private static final Logger LOG = System.getLogger(HttpServer.class.getName());
    /** How long a client may go on sending a body that was refused, so that it reads the answer rather than a reset. */
    private static final long DISCARD_SECONDS = 5;

    private enum State {
        IDLE,
        RECEIVING,
        RUNNING,
        DISCARDING,
        CLOSING
    }

    private final HttpServer server;
    private final Connection connection;
    private final ArrayDeque<HttpObject> pipelined = new ArrayDeque<>();
    private State state = State.IDLE;
    private @Nullable Exchange exchange;
    private @Nullable BodyBuffer body;
    private boolean keepAlive;
    private boolean draining;
    private boolean refusalSent;
    private boolean allReceived;

    ConnectionHandler(HttpServer server, Connection connection) {
        this.server = server;
        this.connection = connection;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (!(message instanceof HttpObject object)) {
            ctx.fireChannelRead(message); // frames of a WebSocket
            return;
        }
        if (state == State.RUNNING) {
            pipelined.add(object);
            ctx.channel().config().setAutoRead(false);
        } else {
            receive(ctx, object);
        }
    }

    private void receive(ChannelHandlerContext ctx, HttpObject object) {
        try {
            if (object.decoderResult().isFailure()) {
                malformed(ctx, object);
            } else if (object instanceof io.netty.handler.codec.http.HttpRequest head) {
                begin(ctx, head);
            } else if (object instanceof HttpContent content) {
                if (state == State.RECEIVING) {
                    append(ctx, content);
                } else if (state == State.DISCARDING && content instanceof LastHttpContent) {
                    allReceived = true;
                    closeRefused(ctx);
                }
            }
        } finally {
            ReferenceCountUtil.release(object);
        }
    }

    private void malformed(ChannelHandlerContext ctx, HttpObject object) {
        Throwable cause = object.decoderResult().cause();
        int status = cause instanceof TooLongHttpLineException
                ? 414
                : cause instanceof TooLongHttpHeaderException ? 431 : 400;
        releaseBody();
        state = State.CLOSING;
        byte[] text = ("malformed request: " + Objects.requireNonNullElse(cause.getMessage(), "unreadable"))
                .getBytes(java.nio.charset.StandardCharsets.UTF_8);
        DefaultFullHttpResponse response = new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(status), io.netty.buffer.Unpooled.wrappedBuffer(text));
        response.headers().set("Content-Type", HttpResponse.TEXT);
        response.headers().set("Content-Length", text.length);
        response.headers().set("Connection", "close");
        server.metrics().answered(HttpMetrics.NO_ROUTE, "malformed", status, System.nanoTime());
        ctx.writeAndFlush(response).addListener(ChannelFutureListener.CLOSE);
    }

    private void begin(ChannelHandlerContext ctx, io.netty.handler.codec.http.HttpRequest head) {
        if (state != State.IDLE) {
            return; // a client that goes on after its connection was declared closed
        }
        keepAlive = HttpUtil.isKeepAlive(head) && !draining;
        Exchange x;
        try {
            x = server.exchange(connection, head);
        } catch (RequestException e) {
            io.netty.handler.codec.http.HttpRequest bare =
                    new io.netty.handler.codec.http.DefaultHttpRequest(head.protocolVersion(), head.method(), "/");
            exchange = server.exchange(connection, bare);
            refuse(ctx, 400, e.getMessage());
            return;
        }
        exchange = x;
        BodyBuffer b = new BodyBuffer(server);
        body = b;
        state = State.RECEIVING;
        long declared = declaredLength(head);
        if (server.overConnected()) {
            refuse(ctx, 503, "too many connections");
        } else if (declared > server.config().maxBodyBytes()) {
            refuse(ctx, 413, tooLarge());
        } else {
            b.expect(declared);
            if (HttpUtil.is100ContinueExpected((HttpMessage) head)) {
                ctx.writeAndFlush(new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.CONTINUE));
            }
        }
    }

    private static long declaredLength(io.netty.handler.codec.http.HttpRequest head) {
        return HttpUtil.getContentLength(head, -1L);
    }

    private String tooLarge() {
        return "request body too large: limit " + server.config().maxBodyBytes() + " bytes";
    }

    private void append(ChannelHandlerContext ctx, HttpContent content) {
        BodyBuffer b = Objects.requireNonNull(body);
        int n = content.content().readableBytes();
        if (b.length() + (long) n > server.config().maxBodyBytes()) {
            refuse(ctx, 413, tooLarge());
        } else if (!b.append(content.content())) {
            refuse(
                    ctx,
                    503,
                    "too many request bodies at once: limit " + server.config().maxBodyBytesInFlight()
                            + " bytes in flight");
        }
        if (content instanceof LastHttpContent) {
            if (state == State.RECEIVING) {
                dispatch(ctx);
            } else if (state == State.DISCARDING) {
                allReceived = true;
                closeRefused(ctx);
            }
        }
    }

    /** Answers before the request was received, reads on for a while, and closes. */
    private void refuse(ChannelHandlerContext ctx, int status, String text) {
        releaseBody();
        state = State.DISCARDING;
        Exchange x = Objects.requireNonNull(exchange);
        server.execute(() -> {
            x.refuse(status, text, false);
            if (!ctx.executor().isShuttingDown()) {
                ctx.executor().execute(() -> {
                    refusalSent = true;
                    closeRefused(ctx);
                });
            }
        });
        ctx.executor().schedule(() -> ctx.close(), DISCARD_SECONDS, TimeUnit.SECONDS);
    }

    /** Closes once the refusal is on its way and the client has sent all that it meant to. */
    private void closeRefused(ChannelHandlerContext ctx) {
        if (refusalSent && allReceived && state == State.DISCARDING) {
            state = State.CLOSING;
            ctx.channel().writeAndFlush(io.netty.buffer.Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
        }
    }

    private void dispatch(ChannelHandlerContext ctx) {
        Exchange x = Objects.requireNonNull(exchange);
        BodyBuffer b = Objects.requireNonNull(body);
        body = null;
        state = State.RUNNING;
        boolean keep = keepAlive;
        if (x.match instanceof RouteTable.Found f
                && f.target() instanceof RouteTable.Socket s
                && SocketUpgrade.wanted(x.head)) {
            b.release();
            new SocketUpgrade(server, connection, x, f, s).start();
            return;
        }
        if (!server.admit()) {
            b.release();
            server.execute(() -> finished(ctx, x.refuse(503, "too many requests at once", keep)));
            return;
        }
        server.execute(() -> {
            boolean reusable = false;
            try {
                reusable = x.answer(b.toArray(), keep);
            } finally {
                b.release();
                server.leave();
                finished(ctx, reusable);
            }
        });
    }

    /** Called by the request's thread when its response is written. */
    private void finished(ChannelHandlerContext ctx, boolean reusable) {
        if (!ctx.executor().isShuttingDown()) {
            ctx.executor().execute(() -> next(ctx, reusable));
        }
    }

    private void next(ChannelHandlerContext ctx, boolean reusable) {
        exchange = null;
        if (!reusable || draining || !ctx.channel().isActive()) {
            state = State.CLOSING;
            releasePipelined();
            ctx.channel().writeAndFlush(io.netty.buffer.Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
            return;
        }
        state = State.IDLE;
        while (state != State.RUNNING && !pipelined.isEmpty()) {
            receive(ctx, pipelined.poll());
        }
        if (pipelined.isEmpty()) {
            ctx.channel().config().setAutoRead(true);
        }
    }

    /** The connection is a WebSocket now: what comes is no longer HTTP. */
    void upgraded() {
        releasePipelined();
        state = State.CLOSING;
    }

    /** The server is stopping: an idle connection closes now, a busy one after its response. */
    void drain(ChannelHandlerContext ctx) {
        draining = true;
        if (state == State.IDLE) {
            state = State.CLOSING;
            ctx.close();
        }
        keepAlive = false;
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        connection.markGone();
        releaseBody();
        releasePipelined();
        ctx.fireChannelInactive();
    }

    private void releaseBody() {
        BodyBuffer b = body;
        if (b != null) {
            b.release();
            body = null;
        }
    }

    private void releasePipelined() {
        while (!pipelined.isEmpty()) {
            ReferenceCountUtil.release(pipelined.poll());
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        connection.signal();
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof IdleStateEvent && state != State.RUNNING) { // a handler may take its time
            ctx.close();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        LOG.log(Level.DEBUG, "connection failed", cause);
        ctx.close();
    }
}
