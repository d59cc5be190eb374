/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage;

import com.almworks.sqlite4java.SQLite;
import com.amazonaws.services.dynamodbv2.local.main.ServerRunner;
import com.amazonaws.services.dynamodbv2.local.server.DynamoDBProxyServer;
import io.skald.core.config.DynamoDbSettings;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.logging.Level;
import java.util.logging.Logger;

/** Amazon's own DynamoDB for tests, in this process, empty at the start. */
public final class LocalDynamoDb implements AutoCloseable {
    /** Held here, as loggers that nobody holds lose their level. */
    private static final List<Logger> LOGS = List.of(Logger.getLogger("org.eclipse.jetty"));

    private final DynamoDBProxyServer server;
    private final int port;

    private LocalDynamoDb(DynamoDBProxyServer server, int port) {
        this.server = server;
        this.port = port;
    }

    public static LocalDynamoDb start() throws Exception {
        LocalS3.credentials();
        LOGS.forEach(l -> l.setLevel(Level.WARNING));
        System.setProperty("sqlite4java.library.path", natives().toString());
        int port = freePort();
        DynamoDBProxyServer server = ServerRunner.createServerFromCommandLineArgs(
                new String[] {"-inMemory", "-disableTelemetry", "-port", Integer.toString(port)});
        server.start();
        return new LocalDynamoDb(server, port);
    }

    /** Maven keeps the native library beside the jar that loads it. */
    private static Path natives() throws URISyntaxException {
        Path jar = Path.of(
                SQLite.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        Path version = Objects.requireNonNull(jar.getParent());
        return version.resolve("../../libsqlite4java-linux-amd64")
                .resolve(Objects.requireNonNull(version.getFileName()))
                .normalize();
    }

    static int freePort() throws IOException {
        try (ServerSocket s = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return s.getLocalPort();
        }
    }

    public String endpoint() {
        return "http://127.0.0.1:" + port;
    }

    /** How a store reaches a table here. */
    public static DynamoDbSettings settings(String endpoint, String table) {
        return new DynamoDbSettings(table, "us-east-1", endpoint, Duration.ofSeconds(10), 5);
    }

    @Override
    public void close() {
        try {
            server.stop();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}
