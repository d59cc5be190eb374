/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.receive;

import io.skald.core.model.Labels;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
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
                    batch.add(received(line));
                    if (in.available() == 0 || batch.size() >= 1000) {
                        intake.store(batch, null);
                        batch = new ArrayList<>();
                    }
                } else {
                    line.write(c);
                }
            }
            if (line.size() > 0) {
                batch.add(received(line));
            }
            intake.store(batch, null);
        } catch (IOException e) {
            problem = "cannot read standard input: " + e;
            LOG.log(System.Logger.Level.ERROR, () -> "cannot read standard input: " + e);
        } catch (InterruptedException e) {
            LOG.log(System.Logger.Level.DEBUG, "interrupted");
        }
    }

    private static Received received(ByteArrayOutputStream line) {
        byte[] b = line.toByteArray();
        boolean windows = b.length > 0 && b[b.length - 1] == '\r';
        line.reset();
        return new Received(Map.of(), 0, windows ? Arrays.copyOf(b, b.length - 1) : b, Labels.EMPTY, null);
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
