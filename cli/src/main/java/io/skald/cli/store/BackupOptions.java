/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.store;

import io.prometheus.client.CollectorRegistry;
import io.skald.cli.CommandFailure;
import io.skald.cli.ExitCode;
import io.skald.cli.Output;
import io.skald.core.config.ByteSize;
import io.skald.core.config.S3Settings;
import io.skald.core.config.SkaldConfig;
import io.skald.core.model.RequestException;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.core.service.CloseStack;
import io.skald.storage.StoreMetrics;
import io.skald.storage.backup.BackupContent;
import io.skald.storage.backup.BackupPlace;
import io.skald.storage.backup.Progress;
import io.skald.storage.file.FileSegmentStore;
import io.skald.storage.s3.S3SegmentStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import picocli.CommandLine.Option;

/** What backups and restores have in common. */
final class BackupOptions {
    private static final String S3 = "s3://";
    private static final Duration REPORT = Duration.ofSeconds(5);

    @Option(
            names = "--tenant",
            paramLabel = "TENANT",
            description = "Only this tenant; may be repeated. Without it, all.")
    private List<String> tenants = new ArrayList<>();

    @Option(names = "--parallel", paramLabel = "N", description = "Objects copied at a time; default 4.")
    private int parallel = 4;

    @Option(names = "--quiet", description = "No progress on stderr.")
    private boolean quiet;

    int parallel() throws CommandFailure {
        if (parallel < 1 || parallel > 256) {
            throw new CommandFailure(ExitCode.USAGE, "--parallel: must be 1 to 256, not " + parallel);
        }
        return parallel;
    }

    Set<TenantId> tenants() throws CommandFailure {
        Set<TenantId> all = new HashSet<>();
        for (String t : tenants) {
            try {
                all.add(new TenantId(t));
            } catch (RequestException e) {
                throw new CommandFailure(ExitCode.USAGE, "--tenant: " + e.getMessage(), e);
            }
        }
        return all;
    }

    /**
     * Opens where backups are.
     *
     * @param at a directory, or {@code s3://BUCKET[/PREFIX]}, which is reached as {@code storage.s3} of the configuration says
     * @param make whether a directory is made
     */
    static BackupPlace open(String at, SkaldConfig config, CloseStack parts, boolean make)
            throws StoreException, CommandFailure {
        if (at.startsWith(S3)) {
            StoreMetrics metrics = new StoreMetrics(new CollectorRegistry());
            return new BackupPlace(parts.add(
                    "backups", S3SegmentStore.open(bucket(at, config.storage().s3()), metrics)));
        }
        Path dir = Path.of(at);
        if (!make && !Files.isDirectory(dir)) {
            throw new CommandFailure(ExitCode.FAILURE, "no directory " + dir);
        }
        return new BackupPlace(parts.add("backups", make ? FileSegmentStore.open(dir) : FileSegmentStore.look(dir)));
    }

    private static S3Settings bucket(String at, S3Settings s) throws CommandFailure {
        String rest = at.substring(S3.length());
        int slash = rest.indexOf('/');
        String bucket = slash < 0 ? rest : rest.substring(0, slash);
        String prefix = slash < 0 ? "" : rest.substring(slash + 1);
        if (!prefix.isEmpty() && !prefix.endsWith("/")) {
            prefix += "/";
        }
        try {
            if (bucket.isEmpty()) {
                throw new IllegalArgumentException("it names no bucket");
            }
            return new S3Settings(
                    bucket,
                    prefix,
                    s.region(),
                    s.endpoint(),
                    s.pathStyle(),
                    s.encryption(),
                    s.kmsKey(),
                    s.storageClass(),
                    s.partSize(),
                    s.attemptTimeout(),
                    s.maxAttempts());
        } catch (IllegalArgumentException e) {
            throw new CommandFailure(ExitCode.USAGE, at + ": " + e.getMessage(), e);
        }
    }

    /** Says every few seconds how far it is. */
    Progress progress(Output out) {
        long start = System.nanoTime();
        long[] next = {start + REPORT.toNanos()};
        return (what, objects, allObjects, bytes, allBytes) -> {
            long now = System.nanoTime();
            if (quiet || now < next[0]) {
                return;
            }
            next[0] = now + REPORT.toNanos();
            double seconds = (now - start) / 1e9;
            String left =
                    bytes == 0 ? "" : String.format(Locale.ROOT, ", %.0f s left", seconds * (allBytes - bytes) / bytes);
            out.error(String.format(
                    Locale.ROOT,
                    "%s: %d of %d segments, %s of %s%s",
                    what,
                    objects,
                    allObjects,
                    ByteSize.approximate(bytes),
                    ByteSize.approximate(allBytes),
                    left));
        };
    }

    static String describe(BackupContent b) {
        long entries =
                b.tenants().stream().mapToLong(BackupContent.Tenant::entries).sum();
        return b.name() + "  " + Instant.ofEpochMilli(b.createdMillis()) + "  "
                + b.tenants().size() + " tenants, "
                + b.segments().size() + " segments, " + entries + " entries, " + ByteSize.approximate(b.bytes())
                + (b.lost().isEmpty() ? "" : ", " + b.lost().size() + " segments were lost before");
    }
}
