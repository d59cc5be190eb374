/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.engine;

/**
 * The place of a line among all lines of a query read forward: by time, then by stream, then by arrival. Lines that arrive later have other
 * places, so a reading can go on behind a place at any time without gap or repetition.
 *
 * @param fingerprint of the stream's labels
 * @param sequence among the lines of the query in this stream at this time, from 0
 */
public record LinePlace(long timestampNanos, long fingerprint, int sequence) {}
