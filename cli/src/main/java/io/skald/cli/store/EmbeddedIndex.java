/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.store;

import static java.nio.file.StandardCopyOption.REPLACE_EXISTING;

import io.skald.core.disk.Disk;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.storage.IndexStore;
import io.skald.storage.SegmentStore;
import io.skald.storage.compact.Garbage;
import io.skald.storage.file.FileSegmentStore;
import io.skald.storage.index.CommitLog;
import io.skald.storage.rocksdb.RocksIndexStore;
import io.skald.storage.segment.Adoption;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The index of a server that has its own. One that is damaged is set aside, and made again from what is left of it and from the footers of the
 * segments: a server that has all lines does not refuse to show them. So is one that is gone.
 *
 * <p>It is made again in {@code index.recovering}, which takes the place of {@code index} when it is whole, so a crash in between leaves the
 * damaged one for the next start.
 */
final class EmbeddedIndex {
    private static final System.Logger LOG = System.getLogger(EmbeddedIndex.class.getName());
    private static final DateTimeFormatter STAMP =
            DateTimeFormatter.ofPattern("uuuuMMdd'T'HHmmss.SSS").withZone(ZoneOffset.UTC);

    private static final String NAME = "index";

    private final Path data;
    private final Path directory;
    private final Path recovering;
    private final SegmentStore segments;

    private EmbeddedIndex(Path data, SegmentStore segments) {
        this.data = data;
        this.directory = data.resolve(NAME);
        this.recovering = data.resolve(NAME + ".recovering");
        this.segments = segments;
    }

    /**
     * Opens it for the one process that writes to it and to the segments.
     *
     * @param data the data directory
     */
    static IndexStore open(Path data, SegmentStore segments) throws StoreException {
        return new EmbeddedIndex(data, segments).open();
    }

    private IndexStore open() throws StoreException {
        try {
            if (!Files.exists(directory) && Files.exists(recovering)) {
                move(recovering, directory);
            }
            remove(recovering);
            RocksIndexStore index;
            try {
                index = whole();
            } catch (StoreException.CorruptData e) {
                LOG.log(Level.ERROR, "the index is damaged and is made again from the segments", e);
                recover();
                index = RocksIndexStore.open(directory);
            }
            if (segments instanceof FileSegmentStore) {
                adopt(index, false);
            }
            return index;
        } catch (IOException e) {
            throw new StoreException("index in " + directory + " cannot be made again: " + e, e);
        }
    }

    /** The index, if all logs in it can be read. */
    private RocksIndexStore whole() throws StoreException {
        RocksIndexStore index = RocksIndexStore.open(directory);
        try {
            CommitLog log = new CommitLog(index);
            for (TenantId tenant : log.tenants()) {
                log.read(tenant);
            }
            return index;
        } catch (StoreException e) {
            index.close();
            throw e;
        }
    }

    private void recover() throws StoreException, IOException {
        try (RocksIndexStore made = copyOfWhatIsLeft()) {
            adopt(made, true);
        }
        Path aside = data.resolve(NAME + ".damaged-" + STAMP.format(Instant.now()));
        move(directory, aside);
        move(recovering, directory);
        LOG.log(
                Level.ERROR,
                "the index is whole again, the damaged one is in {0}. Delete requests of which it had lost the record are not in force: GET"
                        + " /loki/api/v1/delete lists those that are",
                aside);
    }

    private RocksIndexStore copyOfWhatIsLeft() throws StoreException, IOException {
        Files.createDirectory(recovering);
        try (Stream<Path> files = Files.list(directory)) {
            for (Path f : files.filter(Files::isRegularFile).toList()) {
                Files.copy(f, recovering.resolve(f.getFileName()), REPLACE_EXISTING);
            }
        }
        Files.deleteIfExists(recovering.resolve(RocksIndexStore.MARK));
        try {
            RocksIndexStore left = RocksIndexStore.salvage(recovering);
            try {
                forgetUnreadable(new CommitLog(left));
                return left;
            } catch (StoreException e) {
                left.close();
                throw e;
            }
        } catch (StoreException e) {
            LOG.log(Level.WARNING, "nothing of the index can be used", e);
            remove(recovering);
            return RocksIndexStore.open(recovering);
        }
    }

    private static void forgetUnreadable(CommitLog log) throws StoreException {
        for (TenantId tenant : log.tenants()) {
            try {
                log.read(tenant);
            } catch (StoreException.CorruptData e) {
                LOG.log(Level.WARNING, "nothing of the log of tenant " + tenant + " can be used", e);
                log.forget(tenant);
            }
        }
    }

    /**
     * Commits segments that the index does not know.
     *
     * @param all of all tenants; else only of those of which the index knows nothing, as it is gone or they never committed
     */
    private void adopt(RocksIndexStore index, boolean all) throws StoreException {
        CommitLog log = new CommitLog(index);
        Set<TenantId> known = all ? Set.of() : Set.copyOf(log.tenants());
        for (Map.Entry<TenantId, List<String>> of : Adoption.keys(segments).entrySet()) {
            TenantId tenant = of.getKey();
            if (known.contains(tenant)) {
                continue;
            }
            Set<String> keys = new HashSet<>(of.getValue());
            keys.removeAll(new Garbage(index, segments, log).noted(tenant));
            List<String> damaged = new ArrayList<>();
            Adoption adopted = Adoption.adopt(segments, log, tenant, keys, damaged);
            if (adopted.segments() > 0) {
                LOG.log(
                        Level.WARNING,
                        "{0} segments of tenant {1} with {2} entries were not in the index and are now",
                        adopted.segments(),
                        tenant,
                        adopted.entries());
            }
            damaged.forEach(d -> LOG.log(Level.ERROR, "not in the index, and left out: {0}", d));
        }
    }

    private void move(Path from, Path to) throws IOException {
        Disk.REAL.move(from, to);
        Disk.REAL.syncDirectory(data);
    }

    private static void remove(Path tree) throws IOException {
        if (Files.exists(tree)) {
            try (Stream<Path> all = Files.walk(tree)) {
                for (Path p : all.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(p);
                }
            }
        }
    }
}
