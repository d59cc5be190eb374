/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.receive;

import io.skald.core.model.Labels;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;

/** {@code stdin}: every line is an entry. What is read and not on disk when the agent is killed is lost, as nobody can send it again. */
final class StdinSource implements Source {
    private static final System.Logger LOG = System.getLogger(StdinSource.class.getName());
    private static final long FLUSH_MILLIS = 100;

    private final Intake intake;
    private final StdinLines lines;
    private final Thread thread;
    private final Thread flusher;
    private volatile String problem = "";
    private volatile boolean ended;

    StdinSource(String job, Intake intake, StdinLines lines) {
        this.intake = intake;
        this.lines = lines;
        this.thread =
                Thread.ofPlatform().daemon().name("skald-agent-stdin-" + job).unstarted(this::run);
        this.flusher = Thread.ofVirtual().name("skald-agent-stdin-flush-" + job).unstarted(this::flush);
    }

    @Override
    public void start() {
        thread.start();
        flusher.start();
    }

    private void run() {
        try {
            StdinLines.Batch b = lines.next();
            while (!b.end()) {
                List<Received> entries = b.lines().stream()
                        .map(l -> new Received(Map.of(), 0, l, Labels.EMPTY, null))
                        .toList();
                // lines that belong together may come in two batches
                intake.hold(entries);
                lines.taken(); // a close puts on disk what was added, so it must not come again
                b = lines.next();
            }
            intake.flushAll().get();
            if (!b.failure().isEmpty()) {
                problem = b.failure();
                intake.failed(problem);
                LOG.log(System.Logger.Level.ERROR, problem);
            }
            ended = true;
        } catch (InterruptedException e) {
            LOG.log(System.Logger.Level.DEBUG, "interrupted");
        } catch (ExecutionException e) {
            throw new IllegalStateException("the spool has failed", e.getCause());
        }
    }

    private void flush() {
        try {
            while (!ended) {
                Thread.sleep(FLUSH_MILLIS);
                intake.flushDue();
            }
        } catch (InterruptedException e) {
            LOG.log(System.Logger.Level.DEBUG, "interrupted");
        }
    }

    @Override
    public boolean ended() {
        return ended;
    }

    @Override
    public SourceStatus status() {
        return intake.status("stdin", "standard input", problem(), ended);
    }

    @Override
    public String problem() {
        return problem;
    }

    @Override
    public void close() {
        thread.interrupt();
        flusher.interrupt();
        try {
            // what is kept back goes before the agent closes, and nothing comes behind it
            thread.join(1000);
            if (!ended) {
                intake.addLast(List.of()); // nobody waits: the agent's end puts it on disk
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
