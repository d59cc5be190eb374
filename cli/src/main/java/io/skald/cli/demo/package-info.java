/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
/** {@code skald demo}: a server with the logs of a made-up shop, to try queries on. */
@org.jspecify.annotations.NullMarked
package io.skald.cli.demo;
