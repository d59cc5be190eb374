/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.compact;

import io.skald.storage.index.IndexVersion;
import io.skald.storage.segment.SegmentRef;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;

/** Says which segments of a version should be compacted together. */
public final class CompactionPlanner {
    private static final long DAY_NANOS = Duration.ofDays(1).toNanos();

    /** Most segments of one job: all must be named in one record of the log. */
    private static final int MAX_INPUTS = 1000;

    private final CompactionPolicy policy;

    public CompactionPlanner(CompactionPolicy policy) {
        this.policy = policy;
    }

    private record Group(int day, String retention) implements Comparable<Group> {
        @Override
        public int compareTo(Group o) {
            return day != o.day ? Integer.compare(day, o.day) : retention.compareTo(o.retention);
        }
    }

    /**
     * What there is to do: segments with deletes to apply, then the rest, older days first. Jobs do not share inputs.
     *
     * @param all whether days that still grow are compacted like complete ones, and those that something came into just now
     * @param without keys of segments to leave alone
     */
    public List<CompactionJob> plan(IndexVersion version, long nowNanos, boolean all, Set<String> without) {
        Map<Group, List<SegmentRef>> groups = new TreeMap<>();
        Set<String> toClean = new HashSet<>();
        for (SegmentRef s : version.segments()) {
            groups.computeIfAbsent(new Group(s.day(), s.retention()), g -> new ArrayList<>())
                    .add(s);
            if (!version.deletions(s).isEmpty()) {
                toClean.add(s.key());
            }
        }
        List<CompactionJob> first = new ArrayList<>();
        List<CompactionJob> second = new ArrayList<>();
        groups.forEach((g, segments) -> {
            boolean closed = all
                    || nowNanos - (g.day + 1L) * DAY_NANOS
                            > policy.dayClosedAfter().toNanos();
            List<CompactionJob> jobs = new ArrayList<>();
            // only neighbours are merged: the order of entries of one time is that of the commits
            for (List<SegmentRef> run : runs(segments, s -> !without.contains(s.key()))) {
                if (!closed) {
                    jobs.addAll(growing(run, toClean));
                } else if (all || rests(run, nowNanos)) {
                    jobs.addAll(closed(run, toClean));
                } else {
                    clean(run, toClean, Set.of(), jobs);
                }
            }
            for (CompactionJob j : jobs) {
                boolean cleans = j.inputs().stream().anyMatch(s -> toClean.contains(s.key()));
                (cleans ? first : second).add(j);
            }
        });
        first.addAll(second);
        return first;
    }

    /** Whether no more is to be expected soon, or so much has come that it is merged anyway. */
    private boolean rests(List<SegmentRef> run, long nowNanos) {
        long sinceMillis = nowNanos / 1_000_000 - policy.minAge().toMillis();
        long flushed = run.stream().filter(s -> s.level() == 0).count();
        return flushed == 0
                || flushed >= policy.fanIn()
                || policy.minAge().isZero()
                || run.stream().allMatch(s -> s.arrivedMillis() <= sinceMillis);
    }

    /** Makes a job of each segment that deletes are to be applied to, but for some. */
    private static void clean(
            List<SegmentRef> segments, Set<String> toClean, Set<String> without, List<CompactionJob> jobs) {
        for (SegmentRef s : segments) {
            if (toClean.contains(s.key()) && !without.contains(s.key())) {
                jobs.add(new CompactionJob(List.of(s)));
            }
        }
    }

    private static List<List<SegmentRef>> runs(List<SegmentRef> segments, Predicate<SegmentRef> wanted) {
        List<List<SegmentRef>> runs = new ArrayList<>();
        List<SegmentRef> run = new ArrayList<>();
        for (SegmentRef s : segments) {
            if (wanted.test(s)) {
                run.add(s);
            } else if (!run.isEmpty()) {
                runs.add(run);
                run = new ArrayList<>();
            }
        }
        if (!run.isEmpty()) {
            runs.add(run);
        }
        return runs;
    }

    private boolean small(SegmentRef s) {
        return s.sizeBytes() < policy.targetBytes() / 2;
    }

    /** A day that is complete: everything small or not dense goes together, as far as the target allows. */
    private List<CompactionJob> closed(List<SegmentRef> segments, Set<String> toClean) {
        List<CompactionJob> jobs = new ArrayList<>();
        for (List<SegmentRef> run : runs(segments, s -> small(s) || s.level() == 0)) {
            split(run, toClean, jobs);
        }
        for (SegmentRef s : segments) {
            if (!small(s) && s.level() > 0 && toClean.contains(s.key())) {
                jobs.add(new CompactionJob(List.of(s)));
            }
        }
        return jobs;
    }

    /** Makes jobs of neighbours, none larger than the target. */
    private void split(List<SegmentRef> run, Set<String> toClean, List<CompactionJob> jobs) {
        List<SegmentRef> open = new ArrayList<>();
        long bytes = 0;
        for (SegmentRef s : run) {
            if (bytes > 0 && (bytes + s.sizeBytes() > policy.targetBytes() || open.size() == MAX_INPUTS)) {
                addIfUseful(open, toClean, jobs);
                open = new ArrayList<>();
                bytes = 0;
            }
            open.add(s);
            bytes += s.sizeBytes();
        }
        addIfUseful(open, toClean, jobs);
    }

    private static void addIfUseful(List<SegmentRef> inputs, Set<String> toClean, List<CompactionJob> jobs) {
        boolean dense = inputs.size() == 1 && inputs.getFirst().level() > 0;
        if (!inputs.isEmpty() && (!dense || toClean.contains(inputs.getFirst().key()))) {
            jobs.add(new CompactionJob(inputs));
        }
    }

    /**
     * A day that grows: neighbours are merged when enough of them are small, the smallest first, so that each entry is rewritten a few times
     * only.
     */
    private List<CompactionJob> growing(List<SegmentRef> segments, Set<String> toClean) {
        List<CompactionJob> jobs = new ArrayList<>();
        Set<String> taken = new HashSet<>();
        for (int size = 0; size <= sizeClass(policy.targetBytes()); size++) {
            int most = size;
            Predicate<SegmentRef> mergeable =
                    s -> small(s) && sizeClass(s.sizeBytes()) <= most && !taken.contains(s.key());
            for (List<SegmentRef> run : runs(segments, mergeable)) {
                if (run.size() >= policy.fanIn()) {
                    split(run, toClean, jobs);
                    run.forEach(s -> taken.add(s.key()));
                }
            }
        }
        clean(segments, toClean, taken, jobs);
        return jobs;
    }

    /** Sizes within a factor of 4; all below 2 MiB are alike. */
    private static int sizeClass(long bytes) {
        return (64 - Long.numberOfLeadingZeros(bytes >> 20)) / 2;
    }
}
