/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/** {@code | logfmt a, b="c"}: the named pairs become labels; what is missing becomes an empty label. */
final class LogfmtExtractStep implements Step {
    private final List<String> labels;
    private final List<byte[]> keys;
    private final boolean strict;
    private final boolean keepEmpty;
    private final LogfmtScanner scanner = new LogfmtScanner();

    LogfmtExtractStep(List<String> labels, List<byte[]> keys, boolean strict, boolean keepEmpty) {
        this.labels = labels;
        this.keys = keys;
        this.strict = strict;
        this.keepEmpty = keepEmpty;
    }

    /** @throws PipelineException if the expression cannot be a key */
    static byte[] key(String expression) {
        if (expression.isEmpty()) {
            throw new PipelineException(
                    "cannot parse expression [" + expression + "]: syntax error: unexpected $end, expecting KEY");
        }
        for (int i = 0; i < expression.length(); i++) {
            char c = expression.charAt(i);
            if (c <= ' ' || c == '=' || c == '"') {
                throw new PipelineException("cannot parse expression [" + expression + "]: syntax error: unexpected "
                        + (c <= ' ' ? "KEY" : String.valueOf(c)));
            }
        }
        return expression.getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public boolean apply(LineState state) {
        LogfmtScanner s = scanner;
        s.reset(state.buffer(), state.offset(), state.end());
        LogfmtScanner.Result r = s.next();
        while (r != LogfmtScanner.Result.END) {
            if (r == LogfmtScanner.Result.PAIR) {
                take(state);
            } else if (strict) {
                state.fail(LogfmtStep.LOGFMT_ERROR, s.errorText());
                break;
            }
            r = s.next();
        }
        for (String label : labels) {
            if (state.getLabel(label) == null) {
                state.set(label, "");
            }
        }
        return true;
    }

    private void take(LineState state) {
        LogfmtScanner s = scanner;
        if (!keepEmpty && s.valueFrom == s.valueTo) {
            return;
        }
        for (int i = 0; i < keys.size(); i++) {
            byte[] key = keys.get(i);
            if (Arrays.equals(s.b, s.keyFrom, s.keyTo, key, 0, key.length)) {
                state.setSlice(
                        state.parsedName(labels.get(i)),
                        s.b,
                        s.valueFrom,
                        s.valueTo - s.valueFrom,
                        s.escaped ? LineState.Encoding.JSON : LineState.Encoding.PLAIN);
            }
        }
    }
}
