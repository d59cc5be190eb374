/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.pipeline;

import io.skald.agent.spool.FileState.Format;
import io.skald.core.model.Labels;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** What stages read of lines. For {@code AgentFuzz}. */
public final class StageFuzz {
    /** Expressions that double what there is must not grow without end: they are written by whoever configures the agent. */
    private static final int MOST = 100;

    private StageFuzz() {}

    /** Unwraps a line twice, as parts and as a whole. */
    public static void stages(String format, byte[] b) {
        Format f = format.equals("cri") ? Format.CRI : Format.DOCKER;
        ContainerLine.fields(f, new String(b, StandardCharsets.UTF_8));
        List<LogEntry> out = new ArrayList<>();
        Pipeline p = Pipeline.of(List.of(new CriStage(f, 3, 50, b.length % 2 == 0)), out::add);
        for (int i = 0; i < 2; i++) {
            p.process(new LogEntry(Labels.EMPTY, Labels.EMPTY, i, 1, b, 0, b.length));
        }
        p.flush(Long.MAX_VALUE, true);
        if (out.isEmpty() || out.size() > 2) {
            throw new IllegalStateException(out.size() + " entries");
        }
    }

    /** An expression, a line feed, and a document. */
    public static void jmesPath(String text) {
        int end = text.indexOf('\n');
        String expression = end < 0 ? text : text.substring(0, end);
        Object document;
        try {
            document = end < 0 ? null : Values.parseJson(text.substring(end + 1));
        } catch (IOException e) {
            document = List.of("no JSON");
        }
        JmesPath path;
        try {
            path = JmesPath.parse(expression.substring(0, Math.min(expression.length(), MOST)));
        } catch (IllegalArgumentException e) {
            if (!String.valueOf(e.getMessage()).contains("is no JMESPath")) {
                throw e;
            }
            return;
        }
        Object v = path.of(document);
        if (v != null && Values.text(v) == null) {
            throw new IllegalStateException(expression);
        }
    }
}
