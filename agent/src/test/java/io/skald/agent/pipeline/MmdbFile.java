/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.pipeline;

import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Writes small databases in MaxMind's format, version 2.0: a binary tree of addresses with records of 24 bits, and typed values. */
final class MmdbFile {
    private static final byte[] METADATA = {
        (byte) 0xab, (byte) 0xcd, (byte) 0xef, 'M', 'a', 'x', 'M', 'i', 'n', 'd', '.', 'c', 'o', 'm'
    };

    private final List<int[]> nodes = new ArrayList<>(List.of(new int[2]));
    private final ByteArrayOutputStream data = new ByteArrayOutputStream();
    private final String type;
    private final int ipVersion;

    /** @param ipVersion 4 or 6; addresses of version 4 are in the first 2^32 of version 6 */
    MmdbFile(String type, int ipVersion) {
        this.type = type;
        this.ipVersion = ipVersion;
    }

    /** Adds a network, as {@code 1.2.3.0/24}. */
    MmdbFile put(String network, Map<String, ?> value) {
        String[] parts = network.split("/");
        byte[] address = InetAddress.ofLiteral(parts[0]).getAddress();
        int bits = Integer.parseInt(parts[1]);
        if (ipVersion == 6 && address.length == 4) {
            address = ByteBuffer.allocate(16).position(12).put(address).array();
            bits += 96;
        }
        int node = 0;
        for (int i = 0; i < bits; i++) {
            int bit = address[i / 8] >> 7 - i % 8 & 1;
            if (i == bits - 1) {
                nodes.get(node)[bit] = -1 - data.size(); // where the value is
            } else {
                if (nodes.get(node)[bit] == 0) {
                    nodes.add(new int[2]);
                    nodes.get(node)[bit] = nodes.size() - 1;
                }
                node = nodes.get(node)[bit];
            }
        }
        write(data, value);
        return this;
    }

    byte[] bytes() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (int[] node : nodes) {
            for (int record : node) {
                // no value; one in the data section, behind 16 bytes that part it from the tree; another node
                int v = record == 0 ? nodes.size() : record < 0 ? nodes.size() + 16 - 1 - record : record;
                out.write(v >> 16);
                out.write(v >> 8);
                out.write(v);
            }
        }
        out.writeBytes(new byte[16]);
        out.writeBytes(data.toByteArray());
        out.writeBytes(METADATA);
        Map<String, Object> about = new LinkedHashMap<>();
        about.put("binary_format_major_version", (short) 2);
        about.put("binary_format_minor_version", (short) 0);
        about.put("build_epoch", 1_700_000_000L);
        about.put("database_type", type);
        about.put("description", Map.of("en", "of a test"));
        about.put("ip_version", (short) ipVersion);
        about.put("languages", List.of("en"));
        about.put("node_count", nodes.size());
        about.put("record_size", (short) 24);
        write(out, about);
        return out.toByteArray();
    }

    private static void write(ByteArrayOutputStream out, Object value) {
        switch (value) {
            case Map<?, ?> m -> {
                control(out, 7, m.size());
                m.forEach((k, v) -> {
                    write(out, k);
                    write(out, v);
                });
            }
            case List<?> l -> {
                control(out, 11, l.size());
                l.forEach(v -> write(out, v));
            }
            case String s -> {
                byte[] b = s.getBytes(StandardCharsets.UTF_8);
                control(out, 2, b.length);
                out.writeBytes(b);
            }
            case Double d -> {
                control(out, 3, 8);
                out.writeBytes(ByteBuffer.allocate(8).putDouble(d).array());
            }
            case Short i -> {
                control(out, 5, 2);
                out.writeBytes(ByteBuffer.allocate(2).putShort(i).array());
            }
            case Integer i -> {
                control(out, 6, 4);
                out.writeBytes(ByteBuffer.allocate(4).putInt(i).array());
            }
            case Long l -> {
                control(out, 9, 8);
                out.writeBytes(ByteBuffer.allocate(8).putLong(l).array());
            }
            default -> throw new IllegalArgumentException("no such type: " + value);
        }
    }

    /** Types above 7 are in a second byte, sizes above 28 too. */
    private static void control(ByteArrayOutputStream out, int type, int size) {
        int shown = Math.min(size, 29);
        out.write(type <= 7 ? type << 5 | shown : shown);
        if (type > 7) {
            out.write(type - 7);
        }
        if (size >= 29) {
            out.write(size - 29);
        }
    }
}
