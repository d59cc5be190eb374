/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.push;

import io.skald.core.disk.Disk;
import io.skald.core.disk.DurableFile;
import io.skald.core.model.RequestException;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The gates of all tenants. Which labels were demoted is kept in a file, {@code tenant TAB label} a line, so that a restart does not bring
 * the streams back. Thread-safe.
 */
public final class TenantGates {
    private static final System.Logger LOG = System.getLogger(TenantGates.class.getName());

    private final Disk disk;
    private final Path file;
    private final ConcurrentHashMap<TenantId, TenantGate> gates = new ConcurrentHashMap<>();

    private TenantGates(Disk disk, Path file) {
        this.disk = disk;
        this.file = file;
    }

    /**
     * Reads what was demoted. Lines that are damaged are reported and passed over.
     *
     * @throws StoreException.Unavailable if the file is there and cannot be read
     */
    public static TenantGates open(Disk disk, Path file) throws StoreException {
        TenantGates all = new TenantGates(disk, file);
        try {
            Map<TenantId, List<String>> demoted = new TreeMap<>();
            String text = Files.exists(file) ? new String(Files.readAllBytes(file), StandardCharsets.UTF_8) : "";
            for (String line : text.lines().toList()) {
                int tab = line.indexOf('\t');
                if (tab > 0) {
                    all.read(line.substring(0, tab), line.substring(tab + 1), demoted);
                }
            }
            demoted.forEach((t, labels) -> all.gates.put(t, new TenantGate(labels)));
            return all;
        } catch (IOException e) {
            throw new StoreException.Unavailable("cannot read " + file, e);
        }
    }

    private void read(String tenant, String label, Map<TenantId, List<String>> demoted) {
        try {
            demoted.computeIfAbsent(new TenantId(tenant), t -> new ArrayList<>())
                    .add(label);
        } catch (RequestException e) {
            // there is no checksum: damage costs that label its place until it is found too noisy again
            LOG.log(
                    System.Logger.Level.WARNING,
                    file + " is damaged, a label is not demoted any more: " + e.getMessage());
        }
    }

    /** The gate of a tenant. */
    public TenantGate of(TenantId tenant) {
        TenantGate g = gates.get(tenant);
        return g != null ? g : gates.computeIfAbsent(tenant, t -> new TenantGate(List.of()));
    }

    /** Keeps what is demoted now. A file that cannot be written is reported; the labels stay demoted while the process runs. */
    synchronized void save(TenantId tenant, String label) {
        LOG.log(
                System.Logger.Level.WARNING,
                "tenant " + tenant + " has too many streams: label " + label
                        + " is structured metadata from now on (limits.max_global_streams_per_user)");
        StringBuilder sb = new StringBuilder();
        new TreeMap<>(gates)
                .forEach((t, gate) -> gate.demoted()
                        .forEach(l -> sb.append(t).append('\t').append(l).append('\n')));
        try {
            DurableFile.write(disk, file, StandardCharsets.UTF_8.encode(sb.toString()));
        } catch (IOException e) {
            LOG.log(System.Logger.Level.ERROR, "cannot write " + file, e);
        }
    }
}
