/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.backup;

import io.skald.core.model.StoreException;
import io.skald.core.model.StoreException.CorruptData;
import io.skald.storage.SegmentStore;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Where backups are: a directory or a part of a bucket. It holds a file for each backup, {@code backups/NAME.backup}, and beside them the
 * segments of all of them, each once, as {@code segments/KEY}. One process at a time may write to it. Closing the store is the caller's.
 */
public final class BackupPlace {
    private static final String BACKUPS = "backups/";
    private static final String SUFFIX = ".backup";
    private static final String SEGMENTS = "segments/";
    private static final DateTimeFormatter NAME =
            DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss.SSS'Z'", Locale.ROOT).withZone(ZoneOffset.UTC);

    private final SegmentStore store;

    public BackupPlace(SegmentStore store) {
        this.store = store;
    }

    SegmentStore store() {
        return store;
    }

    static String name(long createdMillis) {
        return NAME.format(Instant.ofEpochMilli(createdMillis));
    }

    static String file(String name) {
        return BACKUPS + name + SUFFIX;
    }

    static String segment(String key) {
        return SEGMENTS + key;
    }

    /** Names of all backups, the oldest first. */
    public List<String> names() throws StoreException {
        List<String> names = new ArrayList<>();
        for (String k : store.list(BACKUPS)) {
            if (k.endsWith(SUFFIX)) {
                names.add(k.substring(BACKUPS.length(), k.length() - SUFFIX.length()));
            }
        }
        names.sort(null);
        return names;
    }

    /**
     * What a backup holds.
     *
     * @throws StoreException.NotFound if there is none of that name
     * @throws CorruptData if its file is not what was written
     */
    public BackupContent content(String name) throws StoreException {
        return read(name, BackupReader.Records.IGNORED);
    }

    BackupContent read(String name, BackupReader.Records records) throws StoreException {
        return new BackupReader(store, file(name)).read(name, records);
    }

    /** Keys of segments that are there, of whichever backup. */
    Set<String> segments() throws StoreException {
        Set<String> keys = new HashSet<>();
        for (String k : store.list(SEGMENTS)) {
            keys.add(k.substring(SEGMENTS.length()));
        }
        return keys;
    }

    /**
     * Reads all of a backup.
     *
     * @return what is missing or not what was written, a line for each; empty if all of it is as it was
     */
    public List<String> problems(BackupContent backup, int threads, Progress progress)
            throws StoreException, InterruptedException {
        Progress.Count count =
                new Progress.Count(progress, "checked", backup.segments().size(), backup.bytes());
        List<String> problems = new ArrayList<>();
        ObjectCopy.each(backup.segments(), threads, s -> {
            String problem = problem(s);
            if (problem != null) {
                synchronized (problems) {
                    problems.add(problem);
                }
            }
            count.done(s.size());
        });
        problems.sort(null);
        return problems;
    }

    private @Nullable String problem(BackupContent.Segment s) throws StoreException {
        String key = segment(s.key());
        try {
            long size = store.size(key);
            if (size != s.size()) {
                return key + ": has " + size + " bytes, had " + s.size();
            }
            return ObjectCopy.crc(store, key, size) == s.crc() ? null : key + ": wrong checksum";
        } catch (StoreException.NotFound e) {
            return key + ": is missing";
        }
    }

    /**
     * Removes all backups but the newest, and the segments that only those had.
     *
     * @param keep how many stay, at least 1
     * @return names of those removed
     */
    public List<String> prune(int keep) throws StoreException {
        List<String> names = names();
        List<String> old = List.copyOf(names.subList(0, Math.max(0, names.size() - keep)));
        if (old.isEmpty()) {
            return old;
        }
        Set<String> needed = new HashSet<>();
        for (String n : names.subList(old.size(), names.size())) {
            content(n).segments().forEach(s -> needed.add(s.key()));
        }
        // in this order: a backup that is there is whole
        for (String n : old) {
            store.delete(file(n));
        }
        for (String k : segments()) {
            if (!needed.contains(k)) {
                store.delete(segment(k));
            }
        }
        return old;
    }
}
