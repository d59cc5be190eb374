/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
/** The commands that ask a running server over HTTP: query, tail, labels, series. They work with any server of Loki's API. */
@org.jspecify.annotations.NullMarked
package io.skald.cli.client;
