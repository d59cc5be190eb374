/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.receive;

import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A real broker in a process of its own, which is its own controller. Its classes are on the test's class path with {@code -Pkafka}. */
final class KafkaBroker implements AutoCloseable {
    private final Path dir;
    private final int port;
    private @Nullable Process process;

    private KafkaBroker(Path dir, int port) {
        this.dir = dir;
        this.port = port;
    }

    /** Starts a broker with an empty log. */
    static KafkaBroker start(Path dir) throws IOException, InterruptedException {
        int port;
        int controller;
        try (ServerSocket a = new ServerSocket(0);
                ServerSocket b = new ServerSocket(0)) {
            port = a.getLocalPort();
            controller = b.getLocalPort();
        }
        KafkaBroker broker = new KafkaBroker(dir, port);
        Files.writeString(dir.resolve("server.properties"), """
                process.roles=broker,controller
                node.id=1
                controller.quorum.voters=1@127.0.0.1:%2$d
                listeners=PLAINTEXT://127.0.0.1:%1$d,CONTROLLER://127.0.0.1:%2$d
                advertised.listeners=PLAINTEXT://127.0.0.1:%1$d
                listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
                controller.listener.names=CONTROLLER
                log.dirs=%3$s
                num.partitions=2
                offsets.topic.replication.factor=1
                offsets.topic.num.partitions=1
                group.initial.rebalance.delay.ms=0
                transaction.state.log.replication.factor=1
                transaction.state.log.min.isr=1
                auto.create.topics.enable=true
                """.formatted(port, controller, dir.resolve("log")));
        Process format = broker.java(
                "kafka.tools.StorageTool", "format", "-t", "4L6g3nShT-eMCtK--X86sw", "-c", broker.properties());
        if (!format.waitFor(60, TimeUnit.SECONDS) || format.exitValue() != 0) {
            throw new IOException("cannot format the log: " + Files.readString(dir.resolve("StorageTool.txt")));
        }
        broker.start();
        return broker;
    }

    private String properties() {
        return dir.resolve("server.properties").toString();
    }

    /** Starts it again, with the log that it has. */
    void start() throws IOException, InterruptedException {
        Process started = java("kafka.Kafka", properties());
        process = started;
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(90);
        while (true) {
            try (Socket s = new Socket()) {
                s.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1000);
                return;
            } catch (IOException e) {
                if (!started.isAlive() || System.nanoTime() > deadline) {
                    throw new IOException(
                            "the broker does not start: " + Files.readString(dir.resolve("Kafka.txt")), e);
                }
                Thread.sleep(50); // polls with a deadline
            }
        }
    }

    private Process java(String main, String... args) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                ProcessHandle.current().info().command().orElse("java"),
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path").replace(":", File.pathSeparator),
                main));
        command.addAll(List.of(args));
        File out =
                dir.resolve(main.substring(main.lastIndexOf('.') + 1) + ".txt").toFile();
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(out))
                .start();
    }

    String address() {
        return "127.0.0.1:" + port;
    }

    /** Ends it as a crash would. */
    void kill() {
        Process p = process;
        if (p != null) {
            p.destroyForcibly().onExit().join();
        }
    }

    @Override
    public void close() {
        kill();
    }
}
