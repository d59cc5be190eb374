/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage;

import io.skald.core.model.StoreException;
import java.util.List;

/** A segment store with a fault; see {@link Faults}. Closes the store within. */
public final class FaultySegmentStore implements SegmentStore {
    private final SegmentStore store;
    private final Faults faults;

    public FaultySegmentStore(SegmentStore store, Faults faults) {
        this.store = store;
        this.faults = faults;
    }

    private final class FaultyOutput implements Output {
        private final Output out;

        FaultyOutput(Output out) {
            this.out = out;
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws StoreException {
            faults.<Boolean>call(
                    "write",
                    () -> {
                        out.write(bytes, offset, length);
                        return true;
                    },
                    () -> {
                        out.write(bytes, offset, length / 2);
                        throw new StoreException.Unavailable("injected: torn write");
                    });
        }

        @Override
        public long position() {
            return out.position();
        }

        @Override
        public void commit() throws StoreException {
            faults.<Boolean>call(
                    "commit",
                    () -> {
                        out.commit();
                        return true;
                    },
                    Faults.fails("commit"));
        }

        @Override
        public void close() {
            out.close();
        }
    }

    @Override
    public Output create(String key) throws StoreException {
        return faults.call("create", () -> new FaultyOutput(store.create(key)), Faults.fails("create"));
    }

    @Override
    public long size(String key) throws StoreException {
        return faults.call("size", () -> store.size(key), Faults.fails("size"));
    }

    /** A torn read gives the first half of the range, then zeros: what a damaged disk may do. */
    @Override
    public byte[] read(String key, long offset, int length) throws StoreException {
        return faults.call("read", () -> store.read(key, offset, length), () -> {
            byte[] b = store.read(key, offset, length);
            java.util.Arrays.fill(b, b.length / 2, b.length, (byte) 0);
            return b;
        });
    }

    @Override
    public void delete(String key) throws StoreException {
        faults.<Boolean>call(
                "delete",
                () -> {
                    store.delete(key);
                    return true;
                },
                Faults.fails("delete"));
    }

    @Override
    public List<String> list(String prefix) throws StoreException {
        return faults.call("list", () -> store.list(prefix), Faults.fails("list"));
    }

    @Override
    public void close() throws StoreException {
        store.close();
    }
}
