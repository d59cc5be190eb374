/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.head;

import io.skald.core.model.Labels;
import io.skald.core.model.Matcher;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;

/** What the head knows of one tenant. Thread-safe: guarded by {@code lock}, under which no I/O is done. */
final class TenantHead {
    private final ReentrantLock lock = new ReentrantLock();
    private final Map<Labels, FragmentList> streams = new HashMap<>();
    private long droppedBelow;
    private long lastAddress = -1;
    private long fragments;

    TenantHead(long droppedBelow) {
        this.droppedBelow = droppedBelow;
    }

    /** A stream and its fragments. */
    record Stream(Labels labels, FragmentList.Slice fragments) {}

    void add(long position, int payloadAt, List<EncodedBatch.Fragment> fragments) {
        lock.lock();
        try {
            for (EncodedBatch.Fragment f : fragments) {
                long address = position + payloadAt + f.offset();
                streams.computeIfAbsent(f.labels(), l -> new FragmentList()).add(address, f);
                lastAddress = address;
            }
            this.fragments += fragments.size();
        } finally {
            lock.unlock();
        }
    }

    /** Adds fragments that an earlier run left; their addresses are above those there. */
    void add(Labels labels, FragmentList more) {
        lock.lock();
        try {
            FragmentList there = streams.putIfAbsent(labels, more);
            if (there != null) {
                there.addAll(more);
            }
            fragments += more.size();
            lastAddress = Math.max(lastAddress, more.lastAddress());
        } finally {
            lock.unlock();
        }
    }

    /** Positions below are not served any more. */
    long droppedBelow() {
        lock.lock();
        try {
            return droppedBelow;
        } finally {
            lock.unlock();
        }
    }

    /** Whether there are fragments at or after an address. */
    boolean hasFrom(long address) {
        lock.lock();
        try {
            return lastAddress >= address && !streams.isEmpty();
        } finally {
            lock.unlock();
        }
    }

    /** Streams that match and have fragments with addresses in [from, to), sorted by labels. */
    List<Stream> streams(List<Matcher> matchers, long from, long to) {
        List<Stream> found = unsorted(from, to);
        // matchers may be regular expressions, which must not hold up the pushes
        found.removeIf(s -> !Matcher.all(matchers, s.labels));
        found.sort(Comparator.comparing(Stream::labels));
        return found;
    }

    /** Streams with fragments with addresses in [from, to), in no order. */
    List<Stream> unsorted(long from, long to) {
        List<Stream> found = new ArrayList<>();
        lock.lock();
        try {
            if (lastAddress >= from) {
                streams.forEach((labels, list) -> {
                    FragmentList.Slice s = list.slice(from, to);
                    if (s.size() > 0) {
                        found.add(new Stream(labels, s));
                    }
                });
            }
        } finally {
            lock.unlock();
        }
        return found;
    }

    void dropBelow(long position) {
        lock.lock();
        try {
            droppedBelow = Math.max(droppedBelow, position);
            fragments = 0;
            streams.values().removeIf(list -> {
                int left = list.dropBelow(position);
                fragments += left;
                return left == 0;
            });
        } finally {
            lock.unlock();
        }
    }

    /** Undoes additions with these addresses or greater ones, before anybody reads. */
    void dropFrom(long address) {
        lock.lock();
        try {
            streams.values().forEach(list -> fragments -= list.dropFrom(address));
        } finally {
            lock.unlock();
        }
    }

    long fragmentCount() {
        lock.lock();
        try {
            return fragments;
        } finally {
            lock.unlock();
        }
    }

    int streamCount() {
        lock.lock();
        try {
            return streams.size();
        } finally {
            lock.unlock();
        }
    }
}
