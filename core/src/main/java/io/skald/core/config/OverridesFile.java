/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.config;

import io.skald.core.model.TenantId;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Limits that a file may change while the process runs. A file that cannot be read, or says what it must not, changes nothing: the limits
 * stay as they were, the failure is counted and logged. Thread-safe.
 */
public final class OverridesFile implements TenantLimits, AutoCloseable {
    private static final System.Logger LOG = System.getLogger(OverridesFile.class.getName());

    /** What the file may say. */
    record Content(
            @Setting("Limits of every tenant") Limits limits,

            @Setting("Limits of single tenants, over `limits`.")
            Map<String, Limits> overrides) {
        Content {
            overrides = Map.copyOf(overrides);
        }
    }

    /** What a file looked like when it was read. */
    private record Seen(
            FileTime modified, long bytes, @Nullable Object key) {}

    private final Path file;
    private final Content base;
    private final AtomicLong reloads = new AtomicLong();
    private final AtomicLong failures = new AtomicLong();
    private final CountDownLatch closed = new CountDownLatch(1);
    private final Thread thread;
    private volatile Content content;
    private volatile boolean good = true;
    // confined to the thread that calls poll
    private @Nullable Seen seen;

    private OverridesFile(SkaldConfig config, Duration interval) {
        this.file = config.overridesFile();
        this.base = new Content(config.limits(), config.overrides());
        this.content = base;
        this.thread = Thread.ofPlatform().name("overrides").daemon().unstarted(() -> run(interval));
    }

    /**
     * Reads the file of a config, if it names one, and goes on to look at it.
     *
     * @param interval how often
     * @throws ConfigException if the file is wrong: at the start nothing is there to fall back on
     * @throws IOException if it cannot be read
     */
    public static OverridesFile open(SkaldConfig config, Duration interval) throws ConfigException, IOException {
        OverridesFile o = new OverridesFile(config, interval);
        if (o.named()) {
            o.seen = o.look();
            o.content = o.read();
            o.thread.start();
        }
        return o;
    }

    private boolean named() {
        return !file.toString().isEmpty();
    }

    @Override
    public Limits of(TenantId tenant) {
        Content c = content;
        Limits own = c.overrides.get(tenant.value());
        if (own == null) {
            own = base.overrides.get(tenant.value());
        }
        return own != null ? own : c.limits;
    }

    /** How often a changed file came into force. */
    public long reloads() {
        return reloads.get();
    }

    /** How often a changed file could not be used. */
    public long failures() {
        return failures.get();
    }

    /** Whether the file as it is now is in force. */
    public boolean good() {
        return good;
    }

    private Seen look() throws IOException {
        BasicFileAttributes a = Files.readAttributes(file, BasicFileAttributes.class);
        return new Seen(a.lastModifiedTime(), a.size(), a.fileKey());
    }

    private Content read() throws ConfigException, IOException {
        String yaml = Files.readString(file, StandardCharsets.UTF_8);
        return new ConfigReader(file.toString()).read(yaml, base, Content.class);
    }

    /** Looks at the file, and reads it if it changed since the last look. */
    void poll() {
        Seen now;
        try {
            now = look();
        } catch (IOException e) {
            if (good) {
                failed(e);
            }
            seen = null;
            return;
        }
        if (now.equals(seen)) {
            return;
        }
        seen = now;
        try {
            content = read();
            good = true;
            reloads.incrementAndGet();
            LOG.log(System.Logger.Level.INFO, "limits of " + file + " are in force");
        } catch (ConfigException | IOException e) {
            failed(e);
        }
    }

    private void failed(Exception e) {
        good = false;
        failures.incrementAndGet();
        LOG.log(System.Logger.Level.ERROR, "limits stay as they are: cannot use " + file + ": " + e.getMessage());
    }

    private void run(Duration interval) {
        try {
            while (!closed.await(interval.toNanos(), TimeUnit.NANOSECONDS)) {
                poll();
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException("the thread of the overrides was interrupted", e);
        }
    }

    /** Stops looking at the file. Idempotent. */
    @Override
    public void close() {
        closed.countDown();
    }
}
