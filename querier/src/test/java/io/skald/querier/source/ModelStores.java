/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.source;

import io.skald.core.model.StoreException;
import io.skald.storage.IndexStore;
import io.skald.storage.SegmentStore;
import io.skald.storage.memory.MemoryIndexStore;
import io.skald.storage.memory.MemorySegmentStore;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** Stores in memory that all processes of a model share: every call is a step of the schedule, and some fail, before or after they act. */
final class ModelStores {
    final MemoryIndexStore index = new MemoryIndexStore();
    final MemorySegmentStore segments = new MemorySegmentStore();
    private final Schedule schedule;
    private final Random random;
    private double faults;

    ModelStores(Schedule schedule, Random random, double faults) {
        this.schedule = schedule;
        this.random = random;
        this.faults = faults;
    }

    /** No more faults. */
    void quiet() {
        faults = 0;
    }

    private interface Call<T> {
        T get() throws StoreException;
    }

    private <T> T call(Call<T> c) throws StoreException {
        schedule.step();
        if (random.nextDouble() < faults) {
            throw new StoreException.Unavailable("model: not done");
        }
        T result = c.get();
        schedule.step();
        if (random.nextDouble() < faults) {
            throw new StoreException.Unavailable("model: time-out");
        }
        return result;
    }

    IndexStore faultyIndex() {
        return new IndexStore() {
            @Override
            public boolean putIfAbsent(String partition, long key, byte[] value) throws StoreException {
                return call(() -> index.putIfAbsent(partition, key, value));
            }

            @Override
            public boolean compareAndPut(String partition, long key, byte @Nullable [] expected, byte[] value)
                    throws StoreException {
                return call(() -> index.compareAndPut(partition, key, expected, value));
            }

            @Override
            public byte @Nullable [] get(String partition, long key) throws StoreException {
                schedule.step();
                return index.get(partition, key);
            }

            @Override
            public List<Item> read(String partition, long fromKey, int limit) throws StoreException {
                return call(() -> index.read(partition, fromKey, limit));
            }

            @Override
            public void deleteBefore(String partition, long beforeKey) throws StoreException {
                call(() -> {
                    index.deleteBefore(partition, beforeKey);
                    return true;
                });
            }

            @Override
            public List<String> partitions(String prefix) throws StoreException {
                return call(() -> index.partitions(prefix));
            }

            @Override
            public void close() {}
        };
    }

    SegmentStore faultySegments() {
        return new SegmentStore() {
            @Override
            public Output create(String key) throws StoreException {
                Output out = segments.create(key);
                return new Output() {
                    @Override
                    public void write(byte[] bytes, int offset, int length) throws StoreException {
                        out.write(bytes, offset, length);
                    }

                    @Override
                    public long position() {
                        return out.position();
                    }

                    @Override
                    public void commit() throws StoreException {
                        call(() -> {
                            out.commit();
                            return true;
                        });
                    }

                    @Override
                    public void close() {
                        out.close();
                    }
                };
            }

            @Override
            public long size(String key) throws StoreException {
                return call(() -> segments.size(key));
            }

            @Override
            public byte[] read(String key, long offset, int length) throws StoreException {
                schedule.step();
                return segments.read(key, offset, length);
            }

            @Override
            public void delete(String key) throws StoreException {
                call(() -> {
                    segments.delete(key);
                    return true;
                });
            }

            @Override
            public List<String> list(String prefix) {
                return segments.list(prefix);
            }

            @Override
            public void close() {}
        };
    }
}
