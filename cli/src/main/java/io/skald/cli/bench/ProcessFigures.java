/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** What Linux knows of a process. Without a process id, or elsewhere, there are no figures: NaN. */
final class ProcessFigures {
    private static final double TICKS_PER_SECOND = 100;

    private final long pid;

    /** @param pid of the server, or 0 */
    ProcessFigures(long pid) {
        this.pid = pid;
    }

    private Path proc(String file) {
        return Path.of("/proc/" + pid, file);
    }

    /** Seconds of processor time so far. */
    double cpuSeconds() {
        if (pid == 0) {
            return Double.NaN;
        }
        try {
            String stat = Files.readString(proc("stat"));
            String[] f = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
            return (Long.parseLong(f[11]) + Long.parseLong(f[12])) / TICKS_PER_SECOND;
        } catch (IOException e) {
            return Double.NaN;
        }
    }

    /** Forgets the largest size so far. */
    void resetPeak() throws IOException {
        if (pid != 0) {
            Files.writeString(proc("clear_refs"), "5");
        }
    }

    /** Largest resident size since the last {@link #resetPeak}, MB. */
    double peakMegabytes() {
        if (pid == 0) {
            return Double.NaN;
        }
        try (Stream<String> lines = Files.lines(proc("status"))) {
            return lines.filter(l -> l.startsWith("VmHWM:"))
                    .mapToDouble(l -> Long.parseLong(l.replaceAll("[^0-9]", "")) * 1024 / 1e6)
                    .findFirst()
                    .orElse(Double.NaN);
        } catch (IOException e) {
            return Double.NaN;
        }
    }

    /** Bytes of all files below a directory but for those in directories named {@code wal}. */
    static double storedBytes(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            double sum = 0;
            for (Path p : (Iterable<Path>) files::iterator) {
                boolean wal = false;
                for (Path part : directory.relativize(p)) {
                    wal |= part.toString().equals("wal");
                }
                if (!wal && Files.isRegularFile(p)) {
                    sum += Files.size(p);
                }
            }
            return sum;
        }
    }
}
