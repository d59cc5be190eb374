/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.receive;

import io.skald.core.model.Labels;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** {@code stdin}: every line is an entry. What is read and not on disk when the agent is killed is lost, as nobody can send it again. */
final class StdinSource implements Source {
    private static final System.Logger LOG = System.getLogger(StdinSource.class.getName());
    private static final int MAX_LINE_BYTES = 1 << 20;

    private final Intake intake;
    private final InputStream in;
    private final Thread thread;
    private volatile String problem = "";

    StdinSource(String job, Intake intake, InputStream in) {
        this.intake = intake;
        this.in = new BufferedInputStream(in, 1 << 16);
        this.thread =
                Thread.ofPlatform().daemon().name("skald-agent-stdin-" + job).unstarted(this::run);
    }

    @Override
    public void start() {
        thread.start();
    }

    private void run() {
        try {
            ByteArrayOutputStream line = new ByteArrayOutputStream();
            List<Received> batch = new ArrayList<>();
            int c;
            while ((c = in.read()) >= 0) {
                if (c == '\n' || line.size() >= MAX_LINE_BYTES) {
                    batch.add(new Received(Map.of(), 0, line.toByteArray(), Labels.EMPTY, null));
                    line.reset();
                    if (in.available() == 0 || batch.size() >= 1000) {
                        intake.add(batch, null).join();
                        batch = new ArrayList<>();
                    }
                } else {
                    line.write(c);
                }
            }
            if (line.size() > 0) {
                batch.add(new Received(Map.of(), 0, line.toByteArray(), Labels.EMPTY, null));
            }
            intake.add(batch, null).join();
        } catch (IOException e) {
            problem = "cannot read standard input: " + e;
            LOG.log(System.Logger.Level.ERROR, () -> "cannot read standard input: " + e);
        } catch (InterruptedException e) {
            LOG.log(System.Logger.Level.DEBUG, "interrupted");
        }
    }

    @Override
    public String problem() {
        return problem;
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}
