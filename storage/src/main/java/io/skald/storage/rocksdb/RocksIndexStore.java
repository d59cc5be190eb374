/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.rocksdb;

import io.skald.core.model.StoreException;
import io.skald.storage.IndexStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.BloomFilter;
import org.rocksdb.InfoLogLevel;
import org.rocksdb.LRUCache;
import org.rocksdb.Options;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.RocksObject;
import org.rocksdb.Status;
import org.rocksdb.WALRecoveryMode;
import org.rocksdb.WriteOptions;

/**
 * Records in a RocksDB that this process owns. Every write is synced before the call returns. Conditional writes are a read and a write under
 * one lock, which is enough as there is no other process. Native calls run on a few threads of its own, as they would hold the carrier of a
 * virtual thread. Thread-safe; a call after {@link #close} fails, one during it is waited for.
 *
 * <p>A key is the partition in UTF-8, a zero byte, and the record's key as eight bytes, big-endian with its sign flipped, so that bytes sort
 * as the numbers do.
 */
public final class RocksIndexStore implements IndexStore {
    private static final System.Logger LOG = System.getLogger(RocksIndexStore.class.getName());

    /** File of ours in the directory: how many writes were acknowledged. */
    public static final String MARK = "skald.mark";

    /** Memory of the block cache, indexes and filters included, bytes. */
    private static final long CACHE_BYTES = 16L << 20;

    /** Size of a memory table; there are at most two. */
    private static final long WRITE_BUFFER_BYTES = 4L << 20;

    private static final int THREADS = 2;

    static {
        RocksDB.loadLibrary();
    }

    private final Path directory;
    private final List<RocksObject> resources;
    private final RocksDB db;
    private final WriteOptions synced;
    /** Readers are calls, the writer is close. */
    private final ReentrantReadWriteLock gate = new ReentrantReadWriteLock();

    private final Object conditional = new Object();
    /** Where a follower of another process's database keeps notes of its own; null for the owner. */
    private final @Nullable Path notes;

    /** Null for a follower. */
    private final @Nullable SequenceMark mark;

    private final ExecutorService threads;
    private boolean closed;

    private RocksIndexStore(
            Path directory,
            List<RocksObject> resources,
            RocksDB db,
            WriteOptions synced,
            @Nullable SequenceMark mark,
            @Nullable Path notes) {
        this.directory = directory;
        this.mark = mark;
        this.notes = notes;
        this.resources = resources;
        this.db = db;
        this.synced = synced;
        this.threads = Executors.newFixedThreadPool(
                THREADS, Thread.ofPlatform().daemon().name("rocksdb-", 0).factory());
    }

    /**
     * Opens a directory, making it if need be. What a power cut tore at the end of RocksDB's log was never acknowledged and is left out.
     *
     * @throws StoreException.CorruptData if a file of it is damaged or missing, or acknowledged writes are
     * @throws StoreException if it cannot be made, or another process has it open
     */
    public static RocksIndexStore open(Path directory) throws StoreException {
        RocksIndexStore store = open(directory, WALRecoveryMode.TolerateCorruptedTailRecords);
        SequenceMark mark = Objects.requireNonNull(store.mark);
        long found = store.db.getLatestSequenceNumber();
        if (found < mark.acknowledged()) {
            store.close();
            throw new StoreException.CorruptData("index in " + directory + " has lost " + (mark.acknowledged() - found)
                    + " of " + mark.acknowledged() + " writes at the end of its log");
        }
        return store;
    }

    /**
     * Opens what is left of a damaged directory: the writes up to some moment, all of them up to there.
     *
     * @throws StoreException if not even that can be read
     */
    public static RocksIndexStore salvage(Path directory) throws StoreException {
        return open(directory, WALRecoveryMode.PointInTimeRecovery);
    }

    private static RocksIndexStore open(Path directory, WALRecoveryMode recovery) throws StoreException {
        List<RocksObject> resources = new ArrayList<>();
        try {
            Files.createDirectories(directory);
            LRUCache cache = keep(resources, new LRUCache(CACHE_BYTES));
            Options options = keep(resources, new Options());
            options.setCreateIfMissing(true)
                    .setWriteBufferSize(WRITE_BUFFER_BYTES)
                    .setMaxWriteBufferNumber(2)
                    .setWalRecoveryMode(recovery)
                    .setMaxOpenFiles(64)
                    .setMaxTotalWalSize(16L << 20)
                    .setKeepLogFileNum(4)
                    .setMaxLogFileSize(1L << 20)
                    .setInfoLogLevel(InfoLogLevel.WARN_LEVEL)
                    .setTableFormatConfig(new BlockBasedTableConfig()
                            .setBlockCache(cache)
                            .setCacheIndexAndFilterBlocks(true)
                            .setFilterPolicy(keep(resources, new BloomFilter(10))));
            WriteOptions synced = keep(resources, new WriteOptions());
            synced.setSync(true);
            SequenceMark mark = SequenceMark.open(directory);
            try {
                RocksDB db = RocksDB.open(options, directory.toString());
                return new RocksIndexStore(directory, resources, db, synced, mark, null);
            } catch (RocksDBException e) {
                mark.close();
                throw e;
            }
        } catch (RocksDBException e) {
            release(resources);
            String what = "index in " + directory + " cannot be opened: " + e.getMessage();
            throw isDamage(e) ? new StoreException.CorruptData(what, e) : new StoreException.Unavailable(what, e);
        } catch (IOException e) {
            release(resources);
            throw new StoreException.Unavailable("index directory " + directory + " cannot be made: " + e, e);
        }
    }

    /**
     * Opens a directory that another process may have open and be writing to, for reading: every read sees what was durable when it began.
     * Writes fail.
     *
     * @throws StoreException if there is no database, or it cannot be read
     */
    public static RocksIndexStore follow(Path directory) throws StoreException {
        if (!Files.exists(directory.resolve("CURRENT"))) {
            throw new StoreException("no index in " + directory);
        }
        List<RocksObject> resources = new ArrayList<>();
        try {
            Path notes = Files.createTempDirectory("skald-index");
            Options options = keep(resources, new Options());
            // all files are held open, as the owner removes those that it replaces
            options.setMaxOpenFiles(-1).setInfoLogLevel(InfoLogLevel.FATAL_LEVEL);
            WriteOptions none = keep(resources, new WriteOptions());
            RocksDB db = RocksDB.openAsSecondary(options, directory.toString(), notes.toString());
            return new RocksIndexStore(directory, resources, db, none, null, notes);
        } catch (RocksDBException e) {
            release(resources);
            throw new StoreException.Unavailable("index in " + directory + " cannot be read: " + e.getMessage(), e);
        } catch (IOException e) {
            release(resources);
            throw new StoreException.Unavailable("no room for notes on the index in " + directory + ": " + e, e);
        }
    }

    /** Brings a follower up to date. */
    private void catchUp() throws RocksDBException {
        if (notes != null) {
            db.tryCatchUpWithPrimary();
        }
    }

    private static <T extends RocksObject> T keep(List<RocksObject> resources, T object) {
        resources.add(object);
        return object;
    }

    private static void release(List<RocksObject> resources) {
        for (RocksObject o : resources.reversed()) {
            o.close();
        }
    }

    private interface Call<T> {
        T run() throws RocksDBException, StoreException;
    }

    /** Runs a native call on a thread of the pool. An interrupt of the caller does not stop it, as its outcome must be known. */
    private <T> T call(String what, Call<T> call) throws StoreException {
        gate.readLock().lock();
        try {
            if (closed) {
                throw new StoreException.Unavailable("index in " + directory + " is closed");
            }
            Future<T> future = threads.submit(call::run);
            boolean interrupted = false;
            try {
                while (true) {
                    try {
                        return future.get();
                    } catch (InterruptedException e) {
                        interrupted = true;
                    }
                }
            } catch (ExecutionException e) {
                throw failure(what, e.getCause());
            } finally {
                if (interrupted) {
                    Thread.currentThread().interrupt();
                }
            }
        } finally {
            gate.readLock().unlock();
        }
    }

    private static boolean isDamage(RocksDBException e) {
        Status s = e.getStatus();
        return s != null
                && (s.getCode() == Status.Code.Corruption
                        || String.valueOf(s.getState()).contains("No such file"));
    }

    private StoreException failure(String what, @Nullable Throwable cause) {
        if (cause instanceof RocksDBException e) {
            return isDamage(e)
                    ? new StoreException.CorruptData("index in " + directory + ", " + what + ": " + e.getMessage(), e)
                    : new StoreException.Unavailable("index in " + directory + ", " + what + ": " + e.getMessage(), e);
        }
        if (cause instanceof StoreException e) {
            return e;
        }
        throw new IllegalStateException("index in " + directory + ", " + what, cause);
    }

    private static byte[] prefix(String partition) {
        byte[] p = partition.getBytes(StandardCharsets.UTF_8);
        for (byte b : p) {
            if (b == 0) {
                throw new IllegalArgumentException("partition with a zero byte");
            }
        }
        return Arrays.copyOf(p, p.length + 1);
    }

    private static byte[] keyOf(String partition, long key) {
        byte[] p = prefix(partition);
        byte[] k = Arrays.copyOf(p, p.length + 8);
        ByteBuffer.wrap(k).putLong(p.length, key ^ Long.MIN_VALUE);
        return k;
    }

    @Override
    public boolean putIfAbsent(String partition, long key, byte[] value) throws StoreException {
        return compareAndPut(partition, key, null, value);
    }

    @Override
    public boolean compareAndPut(String partition, long key, byte @Nullable [] expected, byte[] value)
            throws StoreException {
        byte[] k = keyOf(partition, key);
        return call("write " + partition + "/" + key, () -> {
            if (notes != null) {
                throw new StoreException("index in " + directory + " is open for reading only");
            }
            synchronized (conditional) {
                if (!Arrays.equals(db.get(k), expected)) {
                    return false;
                }
                db.put(synced, k, value);
                written();
                return true;
            }
        });
    }

    private void written() {
        try {
            Objects.requireNonNull(mark).acknowledge(db.getLatestSequenceNumber());
        } catch (IOException e) {
            // the write is durable; a mark that is behind only sees less
            LOG.log(System.Logger.Level.WARNING, "the mark of the index in " + directory + " cannot be written", e);
        }
    }

    @Override
    public byte @Nullable [] get(String partition, long key) throws StoreException {
        byte[] k = keyOf(partition, key);
        List<byte[]> found = call("read " + partition + "/" + key, () -> {
            catchUp();
            byte[] v = db.get(k);
            return v == null ? List.<byte[]>of() : List.of(v);
        });
        return found.isEmpty() ? null : found.getFirst();
    }

    @Override
    public List<Item> read(String partition, long fromKey, int limit) throws StoreException {
        byte[] from = keyOf(partition, fromKey);
        int prefixLength = from.length - 8;
        return call("read " + partition, () -> {
            List<Item> items = new ArrayList<>();
            catchUp();
            try (ReadOptions options = new ReadOptions();
                    RocksIterator it = db.newIterator(options)) {
                for (it.seek(from); it.isValid() && items.size() < limit; it.next()) {
                    byte[] k = it.key();
                    if (k.length != from.length || !Arrays.equals(k, 0, prefixLength, from, 0, prefixLength)) {
                        break;
                    }
                    items.add(new Item(ByteBuffer.wrap(k).getLong(prefixLength) ^ Long.MIN_VALUE, it.value()));
                }
                it.status();
            }
            return items;
        });
    }

    @Override
    public void deleteBefore(String partition, long beforeKey) throws StoreException {
        byte[] from = keyOf(partition, Long.MIN_VALUE);
        byte[] to = keyOf(partition, beforeKey);
        call("delete in " + partition, () -> {
            if (notes != null) {
                throw new StoreException("index in " + directory + " is open for reading only");
            }
            db.deleteRange(synced, from, to);
            synchronized (conditional) {
                written();
            }
            return true;
        });
    }

    @Override
    public List<String> partitions(String prefix) throws StoreException {
        byte[] start = prefix.getBytes(StandardCharsets.UTF_8);
        return call("list partitions", () -> {
            List<String> names = new ArrayList<>();
            catchUp();
            try (ReadOptions options = new ReadOptions();
                    RocksIterator it = db.newIterator(options)) {
                it.seek(start);
                while (it.isValid()) {
                    byte[] k = it.key();
                    String name = new String(k, 0, k.length - 9, StandardCharsets.UTF_8);
                    if (!name.startsWith(prefix)) {
                        break;
                    }
                    names.add(name);
                    // on to the next partition: the byte behind the name is 0 in all keys of this one
                    byte[] next = prefix(name);
                    next[next.length - 1] = 1;
                    it.seek(next);
                }
                it.status();
            }
            return names;
        });
    }

    /** Waits for calls under way, then closes the database. */
    @Override
    public void close() {
        gate.writeLock().lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
            threads.close();
            db.close();
            release(resources);
            closeMark();
            removeNotes();
        } finally {
            gate.writeLock().unlock();
        }
    }

    private void closeMark() {
        try {
            if (mark != null) {
                mark.close();
            }
        } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, "the mark of the index in " + directory + " cannot be closed", e);
        }
    }

    private void removeNotes() {
        if (notes == null) {
            return;
        }
        try (Stream<Path> files = Files.walk(notes)) {
            for (Path p : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(p);
            }
        } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, notes + " cannot be removed", e);
        }
    }
}
