/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
/** Query text to tree (Lexer, Parser) and back (Printer). The only exception is SyntaxException. */
@org.jspecify.annotations.NullMarked
package io.skald.logql.parser;
