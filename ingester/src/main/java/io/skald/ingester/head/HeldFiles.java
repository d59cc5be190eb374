/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.head;

import io.skald.core.model.StoreException;
import io.skald.core.scan.ScanRequest.Columns;
import io.skald.ingester.wal.Wal;
import io.skald.ingester.wal.WalFile;
import io.skald.ingester.wal.WalFormat;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.Map;

/** The WAL files that a reader uses, held until it is closed. Reading is thread-safe; adding and closing are not. */
final class HeldFiles implements AutoCloseable {
    private final Map<Long, WalFile> files = new HashMap<>();

    /** @throws StoreException.Stale if a file was let go */
    void add(Wal wal, FragmentList.Slice fragments) throws StoreException {
        for (int i = 0; i < fragments.size(); i++) {
            long number = WalFormat.number(fragments.address(i));
            if (!files.containsKey(number)) {
                WalFile file = wal.acquire(number);
                if (file == null) {
                    throw new StoreException.Stale("entries of WAL file " + number + " are stored in segments by now");
                }
                files.put(number, file);
            }
        }
    }

    /** Reads a fragment into an array of its own. */
    DecodedFragment read(FragmentList.Slice fragments, int i, Columns columns) throws StoreException {
        long address = fragments.address(i);
        WalFile file = files.get(WalFormat.number(address));
        if (file == null) {
            throw new IllegalStateException("WAL file " + WalFormat.number(address) + " is not held");
        }
        int length = fragments.headBytes(i) + (columns.lines() ? fragments.lineBytes(i) : 0);
        try {
            byte[] bytes =
                    file.bytes().asSlice(WalFormat.offset(address), length).toArray(ValueLayout.JAVA_BYTE);
            return DecodedFragment.of(bytes, columns);
        } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
            throw new StoreException.CorruptData(
                    "WAL file " + file + " is corrupt at offset " + WalFormat.offset(address) + ": " + e.getMessage(),
                    e);
        } catch (InternalError e) {
            // how a mapped file reports that the disk cannot read it
            throw new StoreException.CorruptData(
                    "WAL file " + file + " cannot be read at offset " + WalFormat.offset(address), e);
        }
    }

    @Override
    public void close() {
        files.values().forEach(WalFile::release);
        files.clear();
    }
}
