/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.http;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.HttpResponseEncoder;
import io.netty.handler.timeout.IdleStateHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.GlobalEventExecutor;
import io.prometheus.client.CollectorRegistry;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * An HTTP/1.1 server. Routes are added, then it is started, then closed; these three are for one thread, everything between is not. Event
 * loops only move bytes; every request is handled on a virtual thread of its own, one at a time per connection.
 */
// a write or close that fails ends the channel, and that is seen by channelInactive: its future says nothing more
@SuppressWarnings("FutureReturnValueIgnored")
public final class HttpServer implements Router, AutoCloseable {
    private static final Logger LOG = System.getLogger(HttpServer.class.getName());
    private static final int MAX_HEAD_BYTES = 64 * 1024;
    /** Bytes that are read at once, at most, by a connection that had as many before: each read takes its way through the channel. */
    private static final int READ_BYTES = 256 * 1024;

    private final HttpServerConfig config;
    private final HttpMetrics metrics;
    private final RouteTable routes = new RouteTable();
    private final ExecutorService handlers = Executors.newThreadPerTaskExecutor(
            Thread.ofVirtual().name("http-", 0).factory());
    private final ChannelGroup connections = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
    private final Set<NettyWebSocket> sockets = ConcurrentHashMap.newKeySet();
    private final AtomicInteger running = new AtomicInteger();
    private final AtomicInteger open = new AtomicInteger();
    private final AtomicLong bodyBytes = new AtomicLong();
    private @Nullable MultiThreadIoEventLoopGroup loops;
    private @Nullable Channel listener;
    private boolean closed;

    /** @param registry takes the server's metrics; one server per registry */
    public HttpServer(HttpServerConfig config, CollectorRegistry registry) {
        this.config = config;
        this.metrics = new HttpMetrics(registry);
    }

    @Override
    public void route(List<String> methods, String pattern, Handler handler) {
        routes.add(methods, pattern, new RouteTable.Plain(handler));
    }

    @Override
    public void socket(String pattern, SocketHandler handler) {
        routes.add(List.of("GET"), pattern, new RouteTable.Socket(handler));
    }

    /**
     * Begins to listen.
     *
     * @throws IOException if the address cannot be had; the message names it
     */
    public void start() throws IOException {
        if (loops != null || closed) {
            throw new IllegalStateException("a server is started once");
        }
        MultiThreadIoEventLoopGroup group = new MultiThreadIoEventLoopGroup(
                config.eventLoops(), new DefaultThreadFactory("http-io", true), NioIoHandler.newFactory());
        loops = group;
        ServerBootstrap bootstrap = new ServerBootstrap()
                .group(group)
                .channel(NioServerSocketChannel.class)
                .option(ChannelOption.SO_BACKLOG, 1024)
                .option(ChannelOption.SO_REUSEADDR, true)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.SO_KEEPALIVE, true)
                .childOption(ChannelOption.RECVBUF_ALLOCATOR, new AdaptiveRecvByteBufAllocator(64, 4096, READ_BYTES))
                .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, new WriteBufferWaterMark(64 * 1024, 256 * 1024))
                .childHandler(new Initializer());
        try {
            listener = bootstrap
                    .bind(new InetSocketAddress(config.host(), config.port()))
                    .syncUninterruptibly()
                    .channel();
        } catch (Throwable e) {
            // Netty throws the checked BindException without declaring it
            close();
            throw bindFailed(e);
        }
    }

    private IOException bindFailed(Throwable e) {
        String at = config.host() + ":" + config.port();
        if (e instanceof BindException) {
            return new IOException("cannot listen on " + at + ": " + reason(e), e);
        }
        return new IOException("cannot listen on " + at + ": " + e, e);
    }

    private static String reason(Throwable e) {
        String m = e.getMessage() == null ? "" : e.getMessage();
        return m.contains("in use") ? "address already in use by another process" : m;
    }

    /** Where the server listens; valid after {@link #start}. */
    public InetSocketAddress address() {
        Channel l = listener;
        if (l == null || !(l.localAddress() instanceof InetSocketAddress a)) {
            throw new IllegalStateException("not listening");
        }
        return a;
    }

    public int port() {
        return address().getPort();
    }

    /**
     * Stops: takes no more connections, closes idle ones and WebSockets (status 1001), waits for running requests up to the drain timeout,
     * then interrupts those that are left. Idempotent.
     */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        MultiThreadIoEventLoopGroup group = loops;
        if (group == null) {
            handlers.shutdownNow();
            return;
        }
        if (listener != null) {
            listener.close().awaitUninterruptibly(5, TimeUnit.SECONDS);
        }
        for (NettyWebSocket s : sockets) {
            s.close(1001, "the server is stopping");
        }
        for (Channel c : connections) {
            c.eventLoop().execute(() -> {
                ChannelHandlerContext ctx = c.pipeline().context(ConnectionHandler.class);
                if (ctx != null && ctx.handler() instanceof ConnectionHandler h) {
                    h.drain(ctx);
                }
            });
        }
        handlers.shutdown();
        if (!finishedWithin(config.drainTimeout())) {
            LOG.log(
                    Level.WARNING,
                    "{0} requests did not end within {1} and are interrupted",
                    running.get(),
                    config.drainTimeout());
            handlers.shutdownNow();
            if (!finishedWithin(Duration.ofSeconds(2))) {
                LOG.log(Level.WARNING, "{0} requests do not react to interruption", running.get());
            }
        }
        // the last responses are queued on the loops before these closes
        connections.close().awaitUninterruptibly(2, TimeUnit.SECONDS);
        group.shutdownGracefully(0, 2, TimeUnit.SECONDS).awaitUninterruptibly(5, TimeUnit.SECONDS);
    }

    private boolean finishedWithin(Duration time) {
        try {
            return handlers.awaitTermination(time.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    HttpServerConfig config() {
        return config;
    }

    HttpMetrics metrics() {
        return metrics;
    }

    Exchange exchange(Connection connection, io.netty.handler.codec.http.HttpRequest head) {
        return new Exchange(connection, metrics, config.stallTimeout(), head, routes);
    }

    /** Runs something on a virtual thread; when the server is stopping, and takes nothing more, closes nothing and does nothing. */
    boolean execute(Runnable task) {
        try {
            handlers.execute(task);
            return true;
        } catch (java.util.concurrent.RejectedExecutionException e) {
            LOG.log(Level.DEBUG, "a request came while the server was stopping", e);
            return false;
        }
    }

    /** Takes one of the places for running requests; false if all are taken. */
    boolean admit() {
        if (running.incrementAndGet() > config.maxConcurrentRequests()) {
            running.decrementAndGet();
            return false;
        }
        metrics.running.inc();
        return true;
    }

    void leave() {
        running.decrementAndGet();
        metrics.running.dec();
    }

    boolean overConnected() {
        return open.get() > config.maxConnections();
    }

    boolean reserveBody(long bytes) {
        if (bodyBytes.addAndGet(bytes) > config.maxBodyBytesInFlight()) {
            bodyBytes.addAndGet(-bytes);
            return false;
        }
        metrics.bodyBytes.inc((double) bytes);
        return true;
    }

    void releaseBody(long bytes) {
        bodyBytes.addAndGet(-bytes);
        metrics.bodyBytes.dec((double) bytes);
    }

    void openSocket(NettyWebSocket socket) {
        sockets.add(socket);
        metrics.sockets.inc();
    }

    void closeSocket(NettyWebSocket socket) {
        sockets.remove(socket);
        metrics.sockets.dec();
    }

    private final class Initializer extends ChannelInitializer<SocketChannel> {
        @Override
        protected void initChannel(SocketChannel channel) {
            connections.add(channel);
            open.incrementAndGet();
            metrics.connections.inc();
            channel.closeFuture().addListener(f -> {
                open.decrementAndGet();
                metrics.connections.dec();
            });
            channel.pipeline()
                    .addLast(new IdleStateHandler(config.idleTimeout().toMillis(), 0, 0, TimeUnit.MILLISECONDS))
                    .addLast(new HttpRequestDecoder(new HttpDecoderConfig()
                            .setMaxInitialLineLength(MAX_HEAD_BYTES)
                            .setMaxHeaderSize(MAX_HEAD_BYTES)
                            .setMaxChunkSize(READ_BYTES)))
                    .addLast(new HttpResponseEncoder())
                    .addLast(new ConnectionHandler(HttpServer.this, new Connection(channel)));
        }
    }
}
