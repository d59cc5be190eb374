/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.block;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdCompressCtx;
import com.github.luben.zstd.ZstdDecompressCtx;
import com.github.luben.zstd.ZstdException;
import io.skald.core.model.StoreException.CorruptData;
import java.util.concurrent.ArrayBlockingQueue;

/** Zstandard over byte arrays with contexts that are pooled, as making one costs more than compressing a small column. Thread-safe. */
public final class Zstandard {
    /** Contexts kept beyond those in use; about 1 MB each when compressing at level 1. */
    private static final int POOLED = 8;

    /** Levels that search lazily and not for the best of all parses. */
    private static final int LAZY_FROM = 5;

    private static final int LAZY_TO = 12;

    private static final ArrayBlockingQueue<ZstdCompressCtx> COMPRESSORS = new ArrayBlockingQueue<>(POOLED);
    private static final ArrayBlockingQueue<ZstdDecompressCtx> DECOMPRESSORS = new ArrayBlockingQueue<>(POOLED);

    private Zstandard() {}

    /**
     * Appends the compressed form of a range to a sink.
     *
     * @return compressed length, bytes
     */
    public static int compress(byte[] src, int offset, int length, int level, ByteSink out) {
        long bound = Zstd.compressBound(length);
        out.ensure(Math.toIntExact(bound));
        ZstdCompressCtx ctx = COMPRESSORS.poll();
        if (ctx == null) {
            ctx = new ZstdCompressCtx();
        }
        boolean sound = false;
        try {
            ctx.setLevel(level);
            ctx.setMinMatch(minMatch(level));
            ctx.setChecksum(false);
            int n = ctx.compressByteArray(out.array(), out.size(), (int) bound, src, offset, length);
            out.skip(n);
            sound = true;
            return n;
        } finally {
            if (!sound || !COMPRESSORS.offer(ctx)) {
                ctx.close();
            }
        }
    }

    /**
     * Bytes of the shortest matches, 0 for what the level uses. The fast strategy looks for matches of 7 bytes by one hash: measured, that is quicker on logs
     * than its 6, and a percent smaller. The lazy strategies find longer matches by 6 bytes than by their 5: another percent, and quicker to decompress.
     */
    private static int minMatch(int level) {
        if (level == 1) {
            return 7;
        }
        return level >= LAZY_FROM && level <= LAZY_TO ? 6 : 0;
    }

    /** What a frame says is its length decompressed; not positive if it says nothing or is none. */
    static long rawLength(byte[] src, int offset, int length) {
        // where nothing is, there is not even an end of the array to stay before
        return length == 0 ? -1 : Zstd.getFrameContentSize(src, offset, length);
    }

    /**
     * Decompresses a frame into an array of its own, which is made only if the frame claims that length itself.
     *
     * @param object what is being read, for the message
     * @param at its offset there, for the message
     * @throws CorruptData if the bytes are not such a frame
     */
    public static byte[] decompress(byte[] src, int offset, int length, int rawLength, String object, long at)
            throws CorruptData {
        long claimed = rawLength(src, offset, length);
        if (claimed != rawLength) {
            throw new CorruptData(object + ": frame at offset " + at + " claims " + claimed
                    + " decompressed bytes, expected " + rawLength);
        }
        byte[] raw = new byte[rawLength];
        decompress(src, offset, length, raw, 0, rawLength, object, at);
        return raw;
    }

    /**
     * Decompresses exactly {@code rawLength} bytes to {@code dst}.
     *
     * @param object what is being read, for the message
     * @param at its offset there, for the message
     * @throws CorruptData if the bytes are not such a frame
     */
    public static void decompress(
            byte[] src, int offset, int length, byte[] dst, int dstOffset, int rawLength, String object, long at)
            throws CorruptData {
        ZstdDecompressCtx ctx = DECOMPRESSORS.poll();
        if (ctx == null) {
            ctx = new ZstdDecompressCtx();
        }
        boolean sound = false;
        try {
            int n = ctx.decompressByteArray(dst, dstOffset, rawLength, src, offset, length);
            sound = true;
            if (n != rawLength) {
                throw new CorruptData(
                        object + ": " + n + " bytes decompressed at offset " + at + ", expected " + rawLength);
            }
        } catch (ZstdException e) {
            throw new CorruptData(object + ": not decompressible at offset " + at + ": " + e.getMessage(), e);
        } finally {
            if (!sound || !DECOMPRESSORS.offer(ctx)) {
                ctx.close();
            }
        }
    }
}
