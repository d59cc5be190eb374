/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.block;

import java.util.zip.CRC32C;

/** The checksum of all of Skald's formats: CRC-32C (Castagnoli, RFC 3720 appendix B.4). */
public final class Checksum {
    private Checksum() {}

    /** The checksum of {@code length} bytes from an offset. */
    public static int of(byte[] bytes, int offset, int length) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, offset, length);
        return (int) crc.getValue();
    }

    /** The checksum of all bytes. */
    public static int of(byte[] bytes) {
        return of(bytes, 0, bytes.length);
    }
}
