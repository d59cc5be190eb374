/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.wire.recent;

/**
 * Constants of version 1 of what queriers and ingesters say to each other. A request's body and each frame of an answer:
 *
 * <pre>
 * 0              4                 8            12        13
 * +--------------+-----------------+------------+---------+--------------------------+
 * | stored u32   | raw length u32  | crc32c u32 | version | zstd frame (stored - 1)  |
 * +--------------+-----------------+------------+---------+--------------------------+
 * </pre>
 *
 * {@code stored} counts what follows the checksum, which covers it. Integers are little-endian.
 */
public final class RecentFormat {
    public static final int VERSION = 1;
    public static final String CONTENT_TYPE = "application/vnd.skald.recent.v1";

    private static final String BASE = "/skald/internal/v1/recent";
    /** GET: who is there and where its log ends. */
    public static final String WHO = BASE + "/who";

    public static final String OPEN = BASE + "/open";
    public static final String NEXT = BASE + "/next";
    public static final String CLOSE = BASE + "/close";
    public static final String STATS = BASE + "/stats";
    public static final String SERIES = BASE + "/series";
    public static final String TAIL = BASE + "/tail";
    /** The times of what arrived since a position; the fence of the request. */
    public static final String ARRIVED = BASE + "/arrived";
    /** Which lines of agents' files are held. */
    public static final String LINES = BASE + "/lines";

    /** Header of a request: the ingester that is meant. */
    public static final String INGESTER = "X-Skald-Ingester";

    /** Status of an answer of another ingester than the one that is meant. */
    public static final int ANOTHER = 421;

    /** Status of an answer that says {@link io.skald.core.model.StoreException.Stale}. */
    public static final int STALE = 409;
    /** Status of an answer about a scan that is not open (any more). */
    public static final int GONE = 410;

    static final int HEADER_LENGTH = 12;
    static final int ZSTD_LEVEL = 1;

    /** Longest frame, raw: a page ends after the line with which it exceeds its limit, and a line may have 64 MiB. */
    static final int MAX_RAW = 160 << 20;

    /** Longest request, raw. */
    static final int MAX_REQUEST = 16 << 20;

    static final int MAX_STRING = 1 << 20;
    static final int MAX_COUNT = 10_000_000;

    private RecentFormat() {}
}
