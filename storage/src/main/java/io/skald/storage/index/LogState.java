/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.index;

import io.skald.core.block.ByteSink;
import io.skald.core.block.ByteSource;
import io.skald.core.model.StoreException.CorruptData;
import io.skald.storage.segment.SegmentRef;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;

/** What the records of a tenant's log up to n amount to. The same records give the same state, and the same checkpoint, everywhere. */
final class LogState {
    private record FenceState(long position, UUID nonce, long n) {}

    private long n;
    private final LinkedHashMap<String, SegmentRef> live = new LinkedHashMap<>();
    private final TreeMap<String, FenceState> fences = new TreeMap<>();
    private final TreeMap<Long, Deletion> deletions = new TreeMap<>();
    private final LinkedHashSet<String> voids = new LinkedHashSet<>();
    private long lastDelete;
    private final LinkedHashMap<UUID, Long> nonces = new LinkedHashMap<>();

    long n() {
        return n;
    }

    /** Number of the commit with that nonce, or 0 if it is not known (any more). */
    long find(LogRecord r) {
        Long at = nonces.get(r.nonce());
        if (at != null) {
            return at;
        }
        Fence f = r.fence();
        FenceState s = f == null ? null : fences.get(f.ingesterId());
        return s != null && s.nonce.equals(r.nonce()) ? s.n : 0;
    }

    long fence(String ingesterId) {
        FenceState s = fences.get(ingesterId);
        return s == null ? 0 : s.position;
    }

    boolean isLive(String key) {
        return live.containsKey(key);
    }

    boolean isVoid(String key) {
        return voids.contains(key);
    }

    /**
     * Numbers of requests that a record applied though they are cancelled, or that a flush did not know. Those that came while a compaction was
     * running are not among them: what it adds says up to which it is clean, and the others concern it.
     */
    List<Long> deletesAgainst(LogRecord r) {
        List<Long> against = new ArrayList<>();
        for (LogRecord.Applied a : r.applied()) {
            if (!deletions.containsKey(a.n())) {
                against.add(a.n());
            }
        }
        against.addAll(deletesAgainstFlush(r));
        return against;
    }

    /** Those of which a flush has entries that were acknowledged before them, and which it did not know when it wrote. */
    private List<Long> deletesAgainstFlush(LogRecord r) {
        List<Long> against = new ArrayList<>();
        Fence fence = r.fence();
        long known = r.adds().stream().mapToLong(SegmentRef::deletes).min().orElse(Long.MAX_VALUE);
        if (fence != null) {
            for (Deletion d : deletions.tailMap(known, false).values()) {
                if (d.request().unstored(fence.ingesterId()) > fence.from()
                        && r.adds().stream().anyMatch(s -> d.request().overlaps(s.minNanos(), s.maxNanos()))) {
                    against.add(d.n());
                }
            }
        }
        return against;
    }

    void apply(long number, LogRecord r) {
        n = number;
        List<SegmentRef> behind = replace(r);
        for (SegmentRef s : behind) {
            // what a flush adds is younger than every request so far; a compaction says itself what it applied
            live.put(s.key(), s.level() > 0 || lastDelete == 0 ? s : s.withDeletes(lastDelete));
        }
        for (LogRecord.Mark m : r.marks()) {
            live.computeIfPresent(m.key(), (k, s) -> s.withDeletes(Math.max(s.deletes(), m.deletes())));
        }
        for (LogRecord.Applied a : r.applied()) {
            deletions.computeIfPresent(
                    a.n(), (k, d) -> new Deletion(k, d.request(), d.lines() + a.lines(), d.bytes() + a.bytes()));
        }
        for (String id : r.cancels()) {
            deletions.values().removeIf(d -> d.request().id().equals(id));
        }
        for (DeleteRequest d : r.deletes()) {
            lastDelete = number;
            deletions.put(number, new Deletion(number, d, 0, 0));
        }
        forgetDeletions();
        for (String key : r.voids()) {
            addVoid(key);
        }
        Fence f = r.fence();
        if (f != null) {
            fences.put(f.ingesterId(), new FenceState(f.to(), r.nonce(), number));
        }
        nonces.put(r.nonce(), number);
        if (nonces.size() > LogFormat.RECENT_NONCES) {
            nonces.pollFirstEntry();
        }
    }

    /**
     * Takes out what is removed. What a compaction adds comes where the first of its inputs was, so that entries of one time keep their order.
     *
     * @return what is to be added behind the others
     */
    private List<SegmentRef> replace(LogRecord r) {
        boolean inPlace = r.adds().stream().anyMatch(s -> s.level() > 0);
        if (!inPlace) {
            r.removes().forEach(live::remove);
            return r.adds();
        }
        Set<String> removed = Set.copyOf(r.removes());
        List<SegmentRef> old = new ArrayList<>(live.values());
        List<SegmentRef> adds = r.adds();
        live.clear();
        for (SegmentRef s : old) {
            if (!removed.contains(s.key())) {
                live.put(s.key(), s);
            } else {
                adds.forEach(a -> live.put(a.key(), a));
                adds = List.of();
            }
        }
        return adds;
    }

    private void addVoid(String key) {
        voids.add(key);
        if (voids.size() > LogFormat.REMEMBERED_VOIDS) {
            voids.removeFirst();
        }
    }

    /** Forgets the oldest request that is done when there are many. */
    private void forgetDeletions() {
        if (deletions.size() <= LogFormat.REMEMBERED_DELETIONS) {
            return;
        }
        for (Deletion d : deletions.values()) {
            if (live.values().stream().noneMatch(d::concerns) && allStored(d)) {
                deletions.remove(d.n());
                return;
            }
        }
    }

    private boolean allStored(Deletion d) {
        return d.request().unstored().entrySet().stream().allMatch(e -> fence(e.getKey()) >= e.getValue());
    }

    IndexVersion version() {
        Map<String, Long> positions = new TreeMap<>();
        fences.forEach((id, s) -> positions.put(id, s.position));
        return new IndexVersion(
                n, positions, new ArrayList<>(live.values()), new ArrayList<>(deletions.values()), lastDelete);
    }

    /** The parts of a checkpoint of this state. */
    List<byte[]> checkpoint() {
        List<ByteSink> bodies = new ArrayList<>();
        ByteSink body = new ByteSink(4096);
        bodies.add(body);
        ByteSink f = new ByteSink(256);
        for (SegmentRef s : live.values()) {
            if (body.size() > LogFormat.CHECKPOINT_PART_BYTES) {
                body = new ByteSink(4096);
                bodies.add(body);
            }
            LogCodec.segment(body, f, s);
        }
        for (Deletion d : deletions.values()) {
            if (body.size() > LogFormat.CHECKPOINT_PART_BYTES) {
                body = new ByteSink(4096);
                bodies.add(body);
            }
            LogCodec.putDelete(f, d.request());
            f.varint(d.n());
            f.varint(d.lines());
            f.varint(d.bytes());
            LogCodec.field(
                    body,
                    d.request().unstored().isEmpty()
                            ? LogFormat.FIELD_DELETION_STATE
                            : LogFormat.FIELD_DELETION_STATE_UNSTORED,
                    f);
        }
        if (lastDelete > 0) {
            f.varint(lastDelete);
            LogCodec.field(body, LogFormat.FIELD_LAST_DELETE, f);
        }
        for (String key : voids) {
            f.string(key);
            LogCodec.field(body, LogFormat.FIELD_VOID, f);
        }
        for (Map.Entry<String, FenceState> e : fences.entrySet()) {
            f.string(e.getKey());
            f.varint(e.getValue().position);
            LogCodec.putUuid(f, e.getValue().nonce);
            f.varint(e.getValue().n);
            LogCodec.field(body, LogFormat.FIELD_FENCE_STATE, f);
        }
        for (Map.Entry<UUID, Long> e : nonces.entrySet()) {
            LogCodec.putUuid(f, e.getKey());
            f.varint(e.getValue());
            LogCodec.field(body, LogFormat.FIELD_RECENT_NONCE, f);
        }
        List<byte[]> parts = new ArrayList<>();
        for (int i = 0; i < bodies.size(); i++) {
            ByteSink out = LogCodec.begin(LogFormat.KIND_CHECKPOINT);
            f.varint(n);
            f.varint(i);
            f.varint(bodies.size());
            LogCodec.field(out, LogFormat.FIELD_PART, f);
            out.bytes(bodies.get(i).array(), 0, bodies.get(i).size());
            parts.add(LogCodec.end(out));
        }
        return parts;
    }

    /**
     * Takes one part of a checkpoint in; parts come in order.
     *
     * @return how many parts there are in all
     */
    int restore(String object, byte[] bytes, long expectedN, int expectedPart) throws CorruptData {
        ByteSource in = LogCodec.open(object, bytes, LogFormat.KIND_CHECKPOINT);
        int parts = 0;
        while (in.remaining() > 0) {
            LogCodec.Field f = LogCodec.nextField(object, bytes, in);
            switch (f.type()) {
                case LogFormat.FIELD_PART -> {
                    n = f.in().varint();
                    int part = f.in().count("part", Integer.MAX_VALUE);
                    parts = f.in().count("parts", 1 << LogFormat.CHECKPOINT_PART_BITS);
                    if (n != expectedN || part != expectedPart) {
                        throw f.in().corrupt("part " + part + " of checkpoint " + n + " under the key of another");
                    }
                }
                case LogFormat.FIELD_ADD, LogFormat.FIELD_ADD_MORE -> {
                    SegmentRef s = LogCodec.segment(f.in(), f.type() == LogFormat.FIELD_ADD_MORE);
                    live.put(s.key(), s);
                }
                case LogFormat.FIELD_DELETION_STATE, LogFormat.FIELD_DELETION_STATE_UNSTORED -> {
                    DeleteRequest request =
                            LogCodec.delete(f.in(), f.type() == LogFormat.FIELD_DELETION_STATE_UNSTORED);
                    long number = f.in().varint();
                    long lines = f.in().varint();
                    deletions.put(number, new Deletion(number, request, lines, f.in().varint()));
                }
                case LogFormat.FIELD_LAST_DELETE -> lastDelete = f.in().varint();
                case LogFormat.FIELD_VOID -> addVoid(f.in().string("key", LogFormat.MAX_KEY_LENGTH * 4));
                case LogFormat.FIELD_FENCE_STATE -> {
                    String id = f.in().string("ingester id", LogFormat.MAX_INGESTER_ID_LENGTH * 4);
                    long position = f.in().varint();
                    UUID nonce = LogCodec.uuid(f.in());
                    fences.put(id, new FenceState(position, nonce, f.in().varint()));
                }
                case LogFormat.FIELD_RECENT_NONCE -> {
                    UUID nonce = LogCodec.uuid(f.in());
                    nonces.put(nonce, f.in().varint());
                }
                default -> f.unknown();
            }
            f.in().expectEnd();
        }
        return parts;
    }
}
