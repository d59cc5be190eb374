/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.run;

import io.skald.core.config.HostPort;
import io.skald.core.config.SkaldConfig;
import io.skald.core.disk.Disk;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Locale;
import java.util.UUID;

/**
 * The name of an ingester among those that share an index, and where it is reached. The name is drawn once for a data directory and kept in
 * it, because it stands for what is on that disk: an ingester with an empty disk is another one.
 */
final class IngesterIdentity {
    /** The only ingester of an embedded index. */
    static final String ALONE = "ingester-0";

    private static final String FILE = "ingester-id";
    private static final int RANDOM_CHARACTERS = 8;

    private IngesterIdentity() {}

    /** @param data the data directory, which the caller has locked */
    static String id(SkaldConfig config, Path data) throws IOException {
        if (!config.storage().shared()) {
            return ALONE;
        }
        Path file = data.resolve(FILE);
        if (Files.exists(file)) {
            String id = Files.readString(file).strip();
            if (!id.isEmpty()) {
                return id;
            }
        }
        String prefix =
                config.ingester().id().isEmpty() ? host() : config.ingester().id();
        String id = prefix + "-" + UUID.randomUUID().toString().substring(0, RANDOM_CHARACTERS);
        Path unfinished = data.resolve(FILE + ".tmp");
        Files.write(unfinished, (id + "\n").getBytes(StandardCharsets.UTF_8));
        try (FileChannel channel = FileChannel.open(unfinished, StandardOpenOption.WRITE)) {
            channel.force(true);
        }
        Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE);
        Disk.REAL.syncDirectory(data);
        return id;
    }

    private static String host() throws UnknownHostException {
        String name = InetAddress.getLocalHost()
                .getHostName()
                .toLowerCase(Locale.ROOT)
                .replaceAll("[^a-z0-9.-]", "-");
        return name.isEmpty() || !Character.isLetterOrDigit(name.charAt(0)) ? "ingester" : name;
    }

    /**
     * Where queriers reach this process, as a URL; empty while the system has not chosen a port yet.
     *
     * @param port where the server listens; 0 if it does not yet and the system will choose
     */
    static String address(SkaldConfig config, int port) throws UnknownHostException {
        return address(config.ingester().advertise(), config, port);
    }

    /** @param given what the configuration says, empty for nothing */
    static String address(String given, SkaldConfig config, int port) throws UnknownHostException {
        if (!given.isEmpty()) {
            HostPort h = HostPort.parse(given);
            return h.port() == 0 && port == 0 ? "" : "http://" + (h.port() == 0 ? new HostPort(h.host(), port) : h);
        }
        if (port == 0) {
            return "";
        }
        String host = config.http().listen().host();
        boolean every = host.equals("0.0.0.0") || host.equals("::");
        return "http://" + new HostPort(every ? InetAddress.getLocalHost().getHostAddress() : host, port);
    }
}
