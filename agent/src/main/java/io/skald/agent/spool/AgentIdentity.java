/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.spool;

import io.skald.core.wire.BlockPush;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.UUID;

/**
 * Who an agent is, as its ingesters know it: a name that stays as long as its data directory does, and a number that is new and greater with
 * each start.
 */
record AgentIdentity(String agent, long epoch) {
    private static final int MAX_HOST_LENGTH = 100;

    /** Takes the directory's lock, which is held until the channel is closed. */
    static FileChannel lock(Path directory) throws IOException {
        FileChannel channel =
                FileChannel.open(directory.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        boolean taken = false;
        try {
            FileLock lock = channel.tryLock();
            taken = lock != null;
        } catch (OverlappingFileLockException e) {
            taken = false; // by an agent in this very process
        } finally {
            if (!taken) {
                channel.close();
            }
        }
        if (!taken) {
            throw new IOException("another agent uses " + directory);
        }
        return channel;
    }

    /** Begins an epoch; it is on disk when this returns. */
    static AgentIdentity next(Path directory) throws IOException {
        Path file = directory.resolve("identity");
        String agent = host() + "-" + UUID.randomUUID();
        long last = 0;
        if (Files.exists(file)) {
            try {
                List<String> lines = Files.readAllLines(file);
                agent = lines.get(0);
                last = Long.parseLong(lines.get(1));
            } catch (IndexOutOfBoundsException | NumberFormatException | CharacterCodingException e) {
                throw new IOException(file + " is damaged; it should hold a name and a number", e);
            }
            if (agent.isEmpty() || agent.length() > BlockPush.MAX_AGENT_LENGTH) {
                throw new IOException(file + " is damaged; its name has " + agent.length() + " characters");
            }
        }
        AgentIdentity next = new AgentIdentity(agent, Math.max(last + 1, System.currentTimeMillis()));
        Path temporary = directory.resolve("identity.tmp");
        try (FileChannel out = FileChannel.open(
                temporary, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING)) {
            Outbox.writeFully(
                    out, ByteBuffer.wrap((agent + "\n" + next.epoch + "\n").getBytes(StandardCharsets.UTF_8)));
            out.force(true);
        }
        Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        Outbox.syncDirectory(file);
        return next;
    }

    private static String host() {
        String name = System.getenv().getOrDefault("NODE_NAME", System.getenv().getOrDefault("HOSTNAME", ""));
        if (name.isEmpty()) {
            try {
                name = InetAddress.getLocalHost().getHostName();
            } catch (UnknownHostException e) {
                name = "agent";
            }
        }
        return name.length() > MAX_HOST_LENGTH ? name.substring(0, MAX_HOST_LENGTH) : name;
    }
}
