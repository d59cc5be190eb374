/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.head;

import io.skald.core.model.Labels;
import io.skald.core.model.StoreException;
import io.skald.core.scan.ScanRequest.Columns;
import io.skald.ingester.wal.Wal;
import io.skald.ingester.wal.WalFile;
import io.skald.ingester.wal.WalFormat;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The WAL files that a reader uses, held until it is closed. Reading is thread-safe; adding and closing are not. */
final class HeldFiles implements AutoCloseable {
    private final Map<Long, WalFile.Reader> files = new HashMap<>();
    private final HeadDeletes deletes;

    /** @param deletes what they mean is left out of all that is read */
    HeldFiles(HeadDeletes deletes) {
        this.deletes = deletes;
    }

    /** Whether entries of a fragment may be left out, so that what is known of it without reading may not hold. */
    boolean lacks(Labels stream, FragmentList.Slice fragments, int i) {
        return !deletes.concerning(stream, fragments, i).isEmpty();
    }

    /** @throws StoreException.Stale if a file was let go */
    void add(Wal wal, FragmentList.Slice fragments) throws StoreException {
        long last = -1;
        for (int i = 0; i < fragments.size(); i++) {
            long number = WalFormat.number(fragments.address(i));
            if (number != last && !files.containsKey(number)) {
                WalFile.Reader file = wal.open(number);
                if (file == null) {
                    throw new StoreException.Stale("entries of WAL file " + number + " are stored in segments by now");
                }
                files.put(number, file);
            }
            last = number;
        }
    }

    private WalFile.Reader file(long address) {
        WalFile.Reader file = files.get(WalFormat.number(address));
        if (file == null) {
            throw new IllegalStateException("WAL file " + WalFormat.number(address) + " is not held");
        }
        return file;
    }

    /** Reads a fragment that is a block without decoding it: the bytes of the fragment, checked. */
    byte[] readBlock(FragmentList.Slice fragments, int i) throws StoreException {
        return bytes(fragments.address(i), fragments.headBytes(i), fragments.blockBytes(i));
    }

    /** Reads a fragment into an array of its own, without what is deleted; all columns are there then. */
    DecodedFragment read(Labels stream, FragmentList.Slice fragments, int i, Columns columns) throws StoreException {
        List<HeadDeletes.One> concerning = deletes.concerning(stream, fragments, i);
        if (concerning.isEmpty()) {
            return read(fragments, i, columns);
        }
        DecodedFragment all = read(fragments, i, Columns.ALL);
        BitSet deleted = new BitSet();
        concerning.forEach(d -> deleted.or(HeadDeletes.rows(d, stream, all)));
        return deleted.isEmpty() ? all : all.without(deleted);
    }

    /** Adds what each request takes out of a fragment: by the number of the request, entries and bytes. */
    void countDeleted(Labels stream, FragmentList.Slice fragments, int i, Map<Long, long[]> counts)
            throws StoreException {
        List<HeadDeletes.One> concerning = deletes.concerning(stream, fragments, i);
        if (concerning.isEmpty()) {
            return;
        }
        DecodedFragment all = read(fragments, i, Columns.ALL);
        for (HeadDeletes.One d : concerning) {
            BitSet rows = HeadDeletes.rows(d, stream, all);
            long[] count = counts.computeIfAbsent(d.request().n(), n -> new long[2]);
            count[0] += rows.cardinality();
            count[1] += rows.stream().mapToLong(all::length).sum();
        }
    }

    private DecodedFragment read(FragmentList.Slice fragments, int i, Columns columns) throws StoreException {
        long address = fragments.address(i);
        int headBytes = fragments.headBytes(i);
        boolean block = fragments.isBlock(i);
        int body = block ? fragments.blockBytes(i) : columns.lines() ? fragments.lineBytes(i) : 0;
        byte[] bytes = bytes(address, headBytes, body);
        try {
            return block
                    ? DecodedFragment.ofBlock(address, bytes, headBytes, columns)
                    : DecodedFragment.of(bytes, columns);
        } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
            throw file(address).damaged(WalFormat.offset(address), e);
        }
    }

    private byte[] bytes(long address, int headBytes, int bodyBytes) throws StoreException {
        WalFile.Reader file = file(address);
        int offset = WalFormat.offset(address);
        try {
            // what a directory says of a fragment was not held against the file yet
            FragmentHeader.checkLengths(headBytes, bodyBytes, file.size() - offset);
            byte[] bytes = new byte[headBytes + bodyBytes];
            file.read(offset, bytes);
            FragmentHeader.check(bytes, headBytes);
            return bytes;
        } catch (IllegalArgumentException e) {
            throw file.damaged(offset, e);
        }
    }

    @Override
    public void close() {
        files.values().forEach(WalFile.Reader::close);
        files.clear();
    }
}
