/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.store;

import io.skald.cli.CommandFailure;
import io.skald.cli.ExitCode;
import io.skald.cli.Output;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.storage.index.CommitLog;
import io.skald.storage.index.CommitResult;
import io.skald.storage.index.LogRecord;
import io.skald.storage.segment.SegmentFooters;
import io.skald.storage.segment.SegmentRef;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code skald index rebuild}. */
@Command(
        description = "Makes the index anew when it is lost.",
        footer = {
            "",
            "Examples:",
            "  skald index rebuild --data /var/lib/skald      after DATA/index was lost or removed",
            "  skald index rebuild --config skald.yaml        into an empty table"
        })
public final class IndexCommand implements Runnable {
    /** Segments in one commit: well within what an item of DynamoDB holds. */
    private static final int COMMIT = 500;

    private final Output out;

    @CommandLine.Spec
    private CommandLine.Model.@Nullable CommandSpec spec;

    public IndexCommand(Output out) {
        this.out = out;
    }

    @Override
    public void run() {
        if (spec != null) {
            throw new CommandLine.ParameterException(spec.commandLine(), "say 'rebuild'");
        }
    }

    @Command(
            description = {
                "Reads the footer of every segment and commits them all, for tenants of which the index knows nothing.",
                "No ingester may run. What only the index knew is gone: delete requests that were not applied, rules of retention by",
                "selector. Segments that a compaction had replaced, up to an hour ago, come back; their entries still count once."
            })
    int rebuild(@Mixin StoreOptions options) throws CommandFailure, Output.Gone {
        return options.run((stores, config) -> {
            Map<TenantId, List<SegmentRef>> found = new TreeMap<>();
            int unreadable = 0;
            for (String key : stores.segments().list("")) {
                int slash = key.indexOf('/');
                if (slash <= 0 || !key.endsWith(".seg")) {
                    continue;
                }
                try {
                    found.computeIfAbsent(new TenantId(key.substring(0, slash)), t -> new ArrayList<>())
                            .add(SegmentFooters.ref(stores.segments(), key));
                } catch (StoreException.CorruptData e) {
                    unreadable++;
                    out.println("left out: " + e.getMessage());
                }
            }
            for (Map.Entry<TenantId, List<SegmentRef>> e : found.entrySet()) {
                rebuild(stores.log(), e.getKey(), e.getValue());
            }
            return unreadable == 0 ? ExitCode.OK : ExitCode.FAILURE;
        });
    }

    private void rebuild(CommitLog log, TenantId tenant, List<SegmentRef> all)
            throws StoreException, CommandFailure, Output.Gone {
        long n = log.read(tenant).n();
        if (n > 0) {
            out.println("tenant " + tenant + ": left alone, the index has " + n + " records of it");
            return;
        }
        for (int i = 0; i < all.size(); i += COMMIT) {
            LogRecord record =
                    new LogRecord(UUID.randomUUID(), all.subList(i, Math.min(all.size(), i + COMMIT)), List.of(), null);
            if (!(log.commit(tenant, record) instanceof CommitResult.Committed)) {
                throw new CommandFailure(
                        ExitCode.FAILURE, "tenant " + tenant + ": another process writes to the index");
            }
        }
        long entries = all.stream().mapToLong(SegmentRef::entries).sum();
        out.println("tenant " + tenant + ": " + all.size() + " segments, " + entries + " entries");
    }
}
