/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.segment;

import io.skald.core.block.BlockMetadata;
import io.skald.core.block.BlockReader;
import io.skald.core.model.Labels;
import io.skald.core.model.StoreException;
import io.skald.core.model.StoreException.CorruptData;
import io.skald.core.pattern.ChunkPatterns;
import io.skald.storage.SegmentStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Looks at a segment as a file, with no index and no query: what it says of itself, and whether all of it is whole. */
public final class SegmentInspection {
    private static final Map<Integer, String> SECTIONS = Map.of(
            SegmentFormat.SECTION_BLOCKS, "blocks",
            SegmentFormat.SECTION_SERIES, "series",
            SegmentFormat.SECTION_FILTERS, "filters",
            SegmentFormat.SECTION_COUNTERS, "counters",
            SegmentFormat.SECTION_NAMES, "names",
            SegmentFormat.SECTION_PATTERNS, "patterns");

    /** A part of the directory. */
    public record Section(String name, long offset, int bytes, int rawBytes) {}

    /** Consecutive entries of one stream, and the numbers of the blocks that they are in. */
    public record Stream(
            Labels labels, long entries, long lineBytes, long minNanos, long maxNanos, List<Integer> blocks) {}

    /** @param problem empty when header, times, lengths, lines and metadata are whole */
    public record Block(
            int number,
            boolean shared,
            long offset,
            int bytes,
            int rows,
            int lineBytes,
            long minNanos,
            long maxNanos,
            String problem) {}

    /**
     * What was found. Without a readable directory there are no streams and no blocks.
     *
     * @param problems whatever is damaged, each with its offset; empty when every checksum holds
     */
    public record Report(
            long bytes,
            int version,
            List<Section> sections,
            List<Stream> streams,
            List<Block> blocks,
            int filterPartitions,
            List<String> problems) {}

    /** Takes entries. */
    public interface Rows {
        void row(Labels stream, long timestampNanos, byte[] buffer, int offset, int length, Labels metadata)
                throws IOException;
    }

    private record Columns(long[] times, int[] offsets, byte[] lines, BlockMetadata metadata) {}

    private final String name;
    private final OneFile file;
    private final List<String> problems = new ArrayList<>();
    private final List<Section> sections = new ArrayList<>();
    private int version;

    private SegmentInspection(String name, OneFile file) {
        this.name = name;
        this.file = file;
    }

    /**
     * Reads all of a segment, block by block.
     *
     * @throws IOException if the file cannot be read; damage is no reason
     */
    public static Report of(Path path) throws IOException {
        try (OneFile file = new OneFile(path)) {
            return new SegmentInspection(path.toString(), file).report();
        } catch (StoreException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    /**
     * Gives all entries, stream by stream, in order of time.
     *
     * @throws IOException if something cannot be read or is damaged; entries before it were given
     */
    public static void lines(Path path, Rows rows) throws IOException {
        try (OneFile file = new OneFile(path)) {
            new SegmentInspection(path.toString(), file).lines(rows);
        } catch (StoreException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    private Report report() throws StoreException {
        List<Stream> streams = new ArrayList<>();
        List<Block> blocks = new ArrayList<>();
        int partitions = 0;
        try {
            header();
            SegmentDirectory directory = directory();
            for (SegmentDirectory.Chunk c : directory.chunks) {
                List<Integer> in =
                        c.extents().stream().map(SegmentDirectory.Extent::block).toList();
                streams.add(new Stream(c.labels(), c.entries(), c.lineBytes(), c.minNanos(), c.maxNanos(), in));
            }
            for (int i = 0; i < directory.blocks.length; i++) {
                blocks.add(block(i, directory.blocks[i]));
            }
            partitions = filters(directory);
            counters(directory);
            patterns(directory);
        } catch (CorruptData e) {
            problems.add(String.valueOf(e.getMessage()));
        }
        return new Report(file.size(""), version, sections, streams, blocks, partitions, problems);
    }

    private void header() throws StoreException {
        ByteBuffer b =
                ByteBuffer.wrap(file.read("", 0, SegmentFormat.HEADER_LENGTH)).order(ByteOrder.LITTLE_ENDIAN);
        if (b.getLong() != SegmentFormat.MAGIC) {
            throw new CorruptData("segment " + name + ": wrong magic at offset 0");
        }
        version = b.getInt();
    }

    private SegmentDirectory directory() throws StoreException {
        long size = file.size("");
        long trailerAt = size - SegmentFormat.TRAILER_LENGTH;
        if (trailerAt < SegmentFormat.HEADER_LENGTH) {
            throw new CorruptData("segment " + name + ": no room for a trailer in " + size + " bytes");
        }
        ByteBuffer trailer = ByteBuffer.wrap(file.read("", trailerAt, SegmentFormat.TRAILER_LENGTH))
                .order(ByteOrder.LITTLE_ENDIAN);
        long tableAt = trailer.getLong();
        int tableLength = trailer.getInt();
        long tailAt = trailerAt;
        if (tableAt >= SegmentFormat.HEADER_LENGTH && tableLength >= 0 && tableAt == trailerAt - tableLength) {
            ByteBuffer table =
                    ByteBuffer.wrap(file.read("", tableAt, tableLength)).order(ByteOrder.LITTLE_ENDIAN);
            tailAt = tableAt;
            while (table.remaining() >= SegmentFormat.SECTION_ROW_LENGTH) {
                int type = Short.toUnsignedInt(table.getShort());
                table.getShort();
                long offset = table.getLong();
                Section s = new Section(
                        SECTIONS.getOrDefault(type, "type " + type), offset, table.getInt(), table.getInt());
                table.getInt();
                sections.add(s);
                if (offset >= SegmentFormat.HEADER_LENGTH && offset < tailAt) {
                    tailAt = offset;
                }
            }
        }
        // the offsets are not checked before this
        byte[] tail = file.read("", tailAt, Math.toIntExact(size - tailAt));
        return SegmentDirectory.decode(name, tail, tailAt);
    }

    private Block block(int number, SegmentDirectory.Block b) throws StoreException {
        String problem = "";
        try {
            columns(b);
        } catch (CorruptData e) {
            problem = String.valueOf(e.getMessage());
            problems.add(problem);
        }
        return new Block(
                number,
                b.shared(),
                b.offset(),
                b.length(),
                b.rows(),
                b.lineBytes(),
                b.minNanos(),
                b.maxNanos(),
                problem);
    }

    private Columns columns(SegmentDirectory.Block b) throws StoreException {
        byte[] bytes = file.read("", b.offset(), b.length());
        BlockReader r = BlockReader.open("segment " + name, bytes, 0, bytes.length, b.offset());
        if (r.rows() != b.rows() || r.lineBytes() != b.lineBytes() || r.blockLength() != b.length()) {
            throw new CorruptData("segment " + name + ": block is not what the index says at offset " + b.offset());
        }
        return new Columns(r.times(null), r.lineOffsets(null), r.lines(null), r.metadata());
    }

    private int filters(SegmentDirectory directory) throws StoreException {
        int partitions = 0;
        for (FilterGroup g : directory.filters) {
            for (int p = 0; p < g.partitions(); p++) {
                partitions++;
                try {
                    g.read(file, name, p);
                } catch (CorruptData e) {
                    problems.add(String.valueOf(e.getMessage()));
                }
            }
        }
        return partitions;
    }

    private void patterns(SegmentDirectory directory) throws StoreException {
        for (PatternGroup g : directory.patterns) {
            try {
                PatternGroup.Loaded loaded = g.read(file, "");
                for (int c = g.firstChunk(); c < g.firstChunk() + g.chunks(); c++) {
                    ChunkPatterns p = loaded.chunk(c);
                    long lines = directory.chunks.get(c).entries();
                    if (p != null && p.verify() != lines) {
                        problems.add("segment " + name + ": patterns of " + p.verify() + " lines of chunk " + c
                                + ", which has " + lines + ", at offset " + g.offset());
                    }
                }
            } catch (CorruptData e) {
                problems.add(String.valueOf(e.getMessage()));
            }
        }
    }

    private void counters(SegmentDirectory directory) throws StoreException {
        SegmentDirectory.Section section = directory.counters;
        if (section == null) {
            return;
        }
        SegmentCounters counters = SegmentCounters.read(file, name, file.size(""), directory, section);
        for (int i = 0; i < directory.chunks.size(); i++) {
            counters.chunk(i);
        }
    }

    private void lines(Rows rows) throws StoreException, IOException {
        SegmentDirectory directory = directory();
        int held = -1;
        Columns columns = null;
        for (SegmentDirectory.Chunk c : directory.chunks) {
            for (SegmentDirectory.Extent e : c.extents()) {
                if (columns == null || e.block() != held) {
                    columns = columns(directory.blocks[e.block()]);
                    held = e.block();
                }
                for (int row = e.firstRow(); row < e.firstRow() + e.rows(); row++) {
                    int at = columns.offsets[row];
                    int length = columns.offsets[row + 1] - at;
                    rows.row(c.labels(), columns.times[row], columns.lines, at, length, columns.metadata.row(row));
                }
            }
        }
    }

    /** A file as the only object of a store, whatever key it is asked for; it cannot be changed. */
    private static final class OneFile implements SegmentStore {
        private final Path path;
        private final FileChannel channel;

        OneFile(Path path) throws IOException {
            this.path = path;
            this.channel = FileChannel.open(path, StandardOpenOption.READ);
        }

        @Override
        public Output create(String key) {
            throw new UnsupportedOperationException("only for reading");
        }

        @Override
        public void delete(String key) {
            throw new UnsupportedOperationException("only for reading");
        }

        @Override
        public List<String> list(String prefix) {
            return List.of(path.toString());
        }

        @Override
        public long size(String key) throws StoreException {
            try {
                return Files.size(path);
            } catch (IOException e) {
                throw new StoreException.Unavailable("cannot read " + path + ": " + e.getMessage(), e);
            }
        }

        @Override
        public byte[] read(String key, long offset, int length) throws StoreException {
            if (offset < 0 || length < 0 || offset > size(key) - length) {
                throw new CorruptData("segment " + path + ": " + length + " bytes at offset " + offset
                        + " lie outside of its " + size(key));
            }
            ByteBuffer b = ByteBuffer.allocate(length);
            try {
                while (b.hasRemaining() && channel.read(b, offset + b.position()) >= 0) {
                    // until it is full
                }
            } catch (IOException e) {
                throw new StoreException.Unavailable("cannot read " + path + ": " + e.getMessage(), e);
            }
            return b.array();
        }

        @Override
        public void close() throws StoreException {
            try {
                channel.close();
            } catch (IOException e) {
                throw new StoreException.Unavailable("cannot close " + path + ": " + e.getMessage(), e);
            }
        }
    }
}
