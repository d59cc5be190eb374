/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.client;

import java.util.Arrays;
import java.util.stream.Collectors;
import picocli.CommandLine;

/** Reads {@code -o}. */
final class FormConverter implements CommandLine.ITypeConverter<ResultPrinter.Form> {
    @Override
    public ResultPrinter.Form convert(String text) {
        for (ResultPrinter.Form f : ResultPrinter.Form.values()) {
            if (f.toString().equals(text)) {
                return f;
            }
        }
        throw new CommandLine.TypeConversionException("'" + text + "' is not one of "
                + Arrays.stream(ResultPrinter.Form.values())
                        .map(Object::toString)
                        .collect(Collectors.joining(", ")));
    }
}
