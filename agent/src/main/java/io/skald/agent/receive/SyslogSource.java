/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.receive;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.DatagramPacket;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.timeout.IdleStateHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.skald.core.http.TlsContexts;
import io.skald.core.model.Labels;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import org.jspecify.annotations.Nullable;

/**
 * {@code syslog}: listens for messages of RFC 5424 and RFC 3164, over TCP (framed by their length or by line feeds), TLS and UDP. Syslog has no
 * acknowledgements: a TCP sender is slowed down while the agent is busy, of UDP the kernel drops what does not fit.
 */
// a write or close that fails ends the channel, which is seen by itself
@SuppressWarnings("FutureReturnValueIgnored")
final class SyslogSource implements Source {
    private static final System.Logger LOG = System.getLogger(SyslogSource.class.getName());
    private static final int QUEUED = 10_000;
    /** When nothing has come for so long, what the system had taken of senders has been read. */
    private static final Duration QUIET = Duration.ofMillis(100);
    /** How long a close waits for that, as senders may never pause. */
    private static final Duration LAST_READS = Duration.ofSeconds(5);

    private final String job;
    private final SourceSettings.Syslog settings;
    private final Intake intake;
    private final BlockingQueue<Received> queue = new ArrayBlockingQueue<>(QUEUED);
    private final SourceThread thread;
    /** What was taken off the queue and has not come further. */
    private volatile List<Received> unsaved = List.of();

    private @Nullable MultiThreadIoEventLoopGroup loops;
    private @Nullable Channel listener;
    /** Reads that have begun and that have ended; of one thread, so that it is odd while one waits for room. */
    private final AtomicLong reads = new AtomicLong();

    SyslogSource(String job, SourceSettings.Syslog settings, Intake intake) {
        this.job = job;
        this.settings = settings;
        this.intake = intake;
        this.thread = new SourceThread(job, "syslog", Duration.ZERO, this::run, intake::failed);
    }

    @Override
    public void start() throws IOException {
        Path cert = settings.cert();
        Path key = settings.key();
        SSLContext tls = cert == null || key == null ? null : TlsContexts.server(cert, key, settings.clientCa());
        MultiThreadIoEventLoopGroup group = new MultiThreadIoEventLoopGroup(
                1, new DefaultThreadFactory("skald-agent-syslog-io", true), NioIoHandler.newFactory());
        loops = group;
        InetSocketAddress at = new InetSocketAddress(settings.host(), settings.port());
        try {
            listener = settings.udp()
                    ? new Bootstrap()
                            .group(group)
                            .channel(NioDatagramChannel.class)
                            .handler(new Datagrams())
                            .bind(at)
                            .syncUninterruptibly()
                            .channel()
                    : new ServerBootstrap()
                            .group(group)
                            .channel(NioServerSocketChannel.class)
                            .childHandler(new Connections(tls))
                            .bind(at)
                            .syncUninterruptibly()
                            .channel();
        } catch (Exception e) {
            group.shutdownGracefully(0, 1, TimeUnit.SECONDS);
            throw new IOException(job + ": cannot listen for syslog on " + at + ": " + e.getMessage(), e);
        }
        thread.start();
    }

    /** The port, when it was left to the system. */
    int port() {
        Channel c = listener;
        return c != null && c.localAddress() instanceof InetSocketAddress a ? a.getPort() : settings.port();
    }

    private void run() throws InterruptedException {
        while (true) {
            List<Received> batch = new ArrayList<>();
            batch.add(queue.take());
            queue.drainTo(batch, 1000);
            unsaved = batch;
            // nobody waits for an acknowledgement, and adding waits for room: as many lines as there is room for go to
            // disk at once
            CompletableFuture<Void> durable = intake.add(batch, Map.of());
            unsaved = List.of();
            if (durable.isCompletedExceptionally()) {
                throw new IllegalStateException("the spool has failed");
            }
        }
    }

    private void received(byte[] bytes, int offset, int length, String from) throws InterruptedException {
        if (length == 0) {
            return;
        }
        SyslogMessage m = SyslogMessage.parse(bytes, offset, length, settings.rfc3164(), Instant.now());
        if (m.priority() < 0) {
            intake.malformed(
                    "syslog message", m.text()); // it goes on as it is: a line without labels is better than none
        }
        Map<String, String> labels = new TreeMap<>();
        put(labels, "__syslog_connection_ip_address", from);
        put(labels, "__syslog_message_severity", m.severity());
        put(labels, "__syslog_message_facility", m.facility());
        put(labels, "__syslog_message_hostname", m.host());
        put(labels, "__syslog_message_app_name", m.app());
        put(labels, "__syslog_message_proc_id", m.process());
        put(labels, "__syslog_message_msg_id", m.messageId());
        if (settings.structuredData()) {
            m.structured()
                    .forEach((k, v) -> put(
                            labels,
                            "__syslog_message_sd_"
                                    + k.replaceAll("[^A-Za-z0-9]", "_").toLowerCase(Locale.ROOT),
                            v));
        }
        byte[] line = settings.rfc5424Message()
                ? java.util.Arrays.copyOfRange(bytes, offset, offset + length)
                : m.text().getBytes(StandardCharsets.UTF_8);
        long time = settings.useIncomingTimestamp() ? m.timeNanos() : 0;
        Received r = new Received(labels, time, line, Labels.EMPTY, null);
        // senders wait, and a close does not
        while (!queue.offer(r, 100, TimeUnit.MILLISECONDS)) {
            if (thread.isClosed()) {
                throw new InterruptedException("the agent stops");
            }
        }
    }

    private static void put(Map<String, String> labels, String name, @Nullable String value) {
        if (value != null && !value.isEmpty()) {
            labels.put(name, value);
        }
    }

    /** One message in each packet. */
    private final class Datagrams extends SimpleChannelInboundHandler<DatagramPacket> {
        @Override
        protected void channelRead0(ChannelHandlerContext ctx, DatagramPacket p) throws InterruptedException {
            reads.incrementAndGet();
            byte[] b = new byte[p.content().readableBytes()];
            p.content().readBytes(b);
            received(b, 0, b.length, p.sender().getAddress().getHostAddress());
            reads.incrementAndGet();
        }
    }

    /** Sets up connections. */
    private final class Connections extends ChannelInitializer<SocketChannel> {
        private final @Nullable SSLContext tls;

        Connections(@Nullable SSLContext tls) {
            this.tls = tls;
        }

        @Override
        protected void initChannel(SocketChannel ch) {
            if (tls != null) {
                SSLEngine engine = tls.createSSLEngine();
                engine.setUseClientMode(false);
                engine.setNeedClientAuth(settings.clientCa() != null);
                ch.pipeline().addLast(new SslHandler(engine));
            }
            ch.pipeline()
                    .addLast(new IdleStateHandler(settings.idleTimeout().toMillis(), 0, 0, TimeUnit.MILLISECONDS))
                    .addLast(new Connection(ch.remoteAddress().getAddress().getHostAddress()));
        }
    }

    /** Messages of one connection. */
    private final class Connection extends SimpleChannelInboundHandler<ByteBuf> {
        private final String from;
        private final SyslogFrames frames;

        Connection(String from) {
            this.from = from;
            this.frames = new SyslogFrames(settings.maxMessageBytes(), this::message);
        }

        @Override
        protected void channelRead0(ChannelHandlerContext ctx, ByteBuf in) throws InterruptedException {
            reads.incrementAndGet();
            int n = in.readableBytes();
            frames.room(n);
            in.readBytes(frames.buffer(), frames.size(), n);
            frames.added(n);
            reads.incrementAndGet();
        }

        private void message(byte[] bytes, int offset, int length, boolean cut) throws InterruptedException {
            if (cut) {
                intake.malformed("syslog message too long", new String(bytes, offset, length, StandardCharsets.UTF_8));
            }
            received(bytes, offset, length, from);
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) throws InterruptedException {
            frames.end();
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (event instanceof io.netty.handler.timeout.IdleStateEvent) {
                ctx.close();
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable e) {
            LOG.log(System.Logger.Level.DEBUG, () -> "syslog connection of " + from + ": " + e);
            ctx.close();
        }
    }

    @Override
    public SourceStatus status() {
        return intake.status(
                "syslog", (settings.udp() ? "udp " : "tcp ") + settings.host() + ":" + port(), problem(), false);
    }

    @Override
    public String problem() {
        return thread.problem();
    }

    /** Connections stay open until all that the system has taken of them has been read. */
    private void awaitQuiet() {
        long deadline = System.nanoTime() + LAST_READS.toNanos();
        try {
            long before;
            long now = reads.get();
            do {
                before = now;
                Thread.sleep(QUIET);
                now = reads.get();
                // one that has begun waits for room
            } while ((now != before || now % 2 == 1) && System.nanoTime() < deadline);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // whoever closes is in a hurry
        }
    }

    /** Senders will not send again what was received: it goes on, also what still waits. */
    @Override
    public void close() {
        Channel l = listener;
        if (l != null && !settings.udp()) {
            l.close().syncUninterruptibly();
        }
        awaitQuiet();
        if (l != null) {
            l.close().syncUninterruptibly();
        }
        if (loops != null) {
            loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
        }
        thread.close();
        thread.awaitEnd(Duration.ofSeconds(2));
        List<Received> left = new ArrayList<>(unsaved);
        unsaved = List.of();
        queue.drainTo(left);
        intake.addLast(left);
    }
}
