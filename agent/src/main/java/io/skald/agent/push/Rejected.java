/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.push;

import io.skald.agent.spool.Item;
import io.skald.agent.spool.Outbox;
import io.skald.core.model.TenantId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * Pushes that were refused for good, as files beside the outbox, to be looked at and sent again. Bounded: beyond it the oldest go. Thread-safe.
 */
public final class Rejected {
    private static final System.Logger LOG = System.getLogger(Rejected.class.getName());
    private static final String PUSH = ".push";
    private static final String REASON = ".reason";

    private final Path directory;
    private final long maxBytes;

    /**
     * One of them.
     *
     * @param name of its file, without directory
     * @param client who refused it
     * @param at when
     * @param entries how many lines it holds
     * @param bytes of the push
     * @param message why it was refused
     */
    public record Entry(
            String name, String client, TenantId tenant, Instant at, long entries, long bytes, String message) {}

    public Rejected(Path directory, long maxBytes) {
        this.directory = directory;
        this.maxBytes = maxBytes;
    }

    /** Sets a push aside. Does not fail: a disk that is full must not stop the queue. */
    synchronized void add(String client, Item item, Outbox outbox, String message) {
        LOG.log(
                System.Logger.Level.ERROR,
                () -> "a push of " + item.entries() + " lines of tenant " + item.tenant() + " was refused for good by "
                        + client + " and is kept in " + directory + ": " + message);
        Instant now = Instant.now();
        String name = String.format(Locale.ROOT, "%013d-%016x-%d", now.toEpochMilli(), item.sequence(), item.part());
        try {
            Files.createDirectories(directory);
            makeRoom(item.length());
            Files.write(directory.resolve(name + ".tmp"), outbox.read(item));
            Files.writeString(
                    directory.resolve(name + REASON),
                    String.join(
                            "\n",
                            client,
                            item.tenant().value(),
                            now.toString(),
                            Long.toString(item.entries()),
                            message));
            Files.move(
                    directory.resolve(name + ".tmp"), directory.resolve(name + PUSH), StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            LOG.log(System.Logger.Level.ERROR, () -> "cannot keep the refused push, its lines are lost: " + e);
        }
    }

    private void makeRoom(long bytes) throws IOException {
        List<Entry> all = list();
        long sum = bytes;
        for (Entry e : all) {
            sum += e.bytes;
        }
        for (Entry e : all) {
            if (sum <= maxBytes) {
                return;
            }
            LOG.log(
                    System.Logger.Level.ERROR,
                    () -> "refused push " + e.name + " of " + e.entries + " lines is dropped");
            remove(e);
            sum -= e.bytes;
        }
    }

    /** All of them, oldest first. */
    public synchronized List<Entry> list() throws IOException {
        List<Entry> entries = new ArrayList<>();
        if (!Files.isDirectory(directory)) {
            return entries;
        }
        try (Stream<Path> files = Files.list(directory)) {
            for (Path p : files.sorted().toList()) {
                String file = p.getFileName().toString();
                if (file.endsWith(PUSH)) {
                    entries.add(entry(file.substring(0, file.length() - PUSH.length()), Files.size(p)));
                }
            }
        }
        return entries;
    }

    private Entry entry(String name, long bytes) throws IOException {
        String[] said = Files.readString(directory.resolve(name + REASON)).split("\n", 5);
        if (said.length < 5) {
            throw new IOException(directory.resolve(name + REASON) + " is damaged");
        }
        return new Entry(
                name, said[0], new TenantId(said[1]), Instant.parse(said[2]), Long.parseLong(said[3]), bytes, said[4]);
    }

    /** The bytes of one of them. */
    public byte[] read(Entry e) throws IOException {
        return Files.readAllBytes(directory.resolve(e.name + PUSH));
    }

    /** Removes one of them. */
    public synchronized void remove(Entry e) throws IOException {
        Files.deleteIfExists(directory.resolve(e.name + PUSH));
        Files.deleteIfExists(directory.resolve(e.name + REASON));
    }
}
