/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.pipeline;

import io.skald.core.model.Labels;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/** Runs lines through stages and tells what each of them does. Confined to one thread. */
public final class StageTrace {
    private final List<StageReader.Named> names;
    private final Labels labels;
    private final List<Stage> stages = new ArrayList<>();
    private final StringBuilder out = new StringBuilder();
    private final Stage.Sink first;
    private final List<Stage.Sink> after = new ArrayList<>();
    private long order;
    private String before = "";

    /** @param labels that lines come with */
    public StageTrace(List<StageReader.Named> names, Labels labels) {
        this.names = List.copyOf(names);
        this.labels = labels;
        this.names.forEach(n -> stages.add(n.stage().forSource()));
        Stage.Sink next = this::end;
        for (int i = stages.size() - 1; i >= 0; i--) {
            int at = i;
            Stage.Sink then = next;
            Stage.Sink shown = e -> {
                show(at, e);
                then.accept(e);
            };
            after.addFirst(shown);
            Stage stage = stages.get(i);
            next = e -> stage.process(e, shown);
        }
        first = next;
    }

    /** What happens to a line. */
    public String run(String line) {
        byte[] b = line.getBytes(StandardCharsets.UTF_8);
        Instant now = Instant.now();
        long nanos = now.getEpochSecond() * 1_000_000_000 + now.getNano();
        LogEntry e = new LogEntry(labels, Labels.EMPTY, order++, nanos, b, 0, b.length);
        out.setLength(0);
        before = state(e);
        out.append("line       ").append(line).append('\n');
        int length = out.length();
        first.accept(e);
        if (out.indexOf("=> ", length) < 0) {
            out.append("=> dropped, or kept back for the next line\n");
        }
        return out.append('\n').toString();
    }

    /** What happens to lines that were kept back. */
    public String end() {
        out.setLength(0);
        for (int i = 0; i < stages.size(); i++) {
            stages.get(i).flush(Long.MAX_VALUE, true, after.get(i));
        }
        return out.toString();
    }

    private void show(int stage, LogEntry e) {
        String now = state(e);
        out.append(String.format(
                java.util.Locale.ROOT, "%2d %-8s", stage + 1, names.get(stage).name()));
        out.append(now.equals(before) ? " no change\n" : "\n" + difference(before, now));
        before = now;
    }

    private void end(LogEntry e) {
        out.append("=> ")
                .append(instant(e))
                .append(' ')
                .append(e.labels())
                .append(e.metadata().isEmpty() ? "" : " metadata " + e.metadata())
                .append(e.tenant() == null ? "" : " tenant " + e.tenant())
                .append(' ')
                .append(e.text())
                .append('\n');
    }

    private static Instant instant(LogEntry e) {
        return Instant.ofEpochSecond(
                Math.floorDiv(e.timeNanos(), 1_000_000_000L), Math.floorMod(e.timeNanos(), 1_000_000_000L));
    }

    private static String state(LogEntry e) {
        StringBuilder b = new StringBuilder();
        b.append("time ").append(instant(e)).append('\n');
        b.append("labels ").append(e.labels()).append('\n');
        b.append("metadata ").append(e.metadata()).append('\n');
        b.append("tenant ").append(e.tenant()).append('\n');
        new TreeMap<>(e.allExtracted())
                .forEach((k, v) ->
                        b.append("extracted ").append(k).append('=').append(v).append('\n'));
        b.append("line ").append(e.text().replace("\n", "\\n")).append('\n');
        return b.toString();
    }

    private static String difference(String before, String now) {
        StringBuilder b = new StringBuilder();
        List<String> old = List.of(before.split("\n"));
        List<String> lines = List.of(now.split("\n"));
        old.stream()
                .filter(l -> !lines.contains(l))
                .forEach(l -> b.append("   - ").append(l).append('\n'));
        lines.stream()
                .filter(l -> !old.contains(l))
                .forEach(l -> b.append("   + ").append(l).append('\n'));
        return b.toString();
    }
}
