/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.wire;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;

/** Answers questions for A and SRV records of names that a test gives it (RFC 1035, RFC 2782); others do not exist. Thread-safe. */
final class NameServer implements AutoCloseable {
    private static final int A = 1;
    private static final int SRV = 33;
    private static final int HEADER = 12;

    /** @param port 0 for an A record */
    private record Target(String host, int port) {}

    private final DatagramSocket socket = new DatagramSocket(0, InetAddress.getLoopbackAddress());
    private final ConcurrentHashMap<String, List<Target>> records = new ConcurrentHashMap<>();
    private final Thread thread =
            Thread.ofPlatform().name("name-server").daemon().unstarted(this::serve);

    NameServer() throws IOException {
        thread.start();
    }

    String address() {
        return "127.0.0.1:" + socket.getLocalPort();
    }

    /** The addresses of a name from now on. */
    void addresses(String name, String... addresses) {
        records.put(name, List.of(addresses).stream().map(a -> new Target(a, 0)).toList());
    }

    /** Where a service is from now on: {@code HOST:PORT}. */
    void services(String name, String... targets) {
        records.put(
                name,
                List.of(targets).stream()
                        .map(t -> t.split(":"))
                        .map(t -> new Target(t[0], Integer.parseInt(t[1])))
                        .toList());
    }

    private void serve() {
        byte[] buffer = new byte[512];
        while (!socket.isClosed()) {
            try {
                DatagramPacket question = new DatagramPacket(buffer, buffer.length);
                socket.receive(question);
                byte[] answer = answer(Arrays.copyOf(buffer, question.getLength()));
                socket.send(new DatagramPacket(answer, answer.length, question.getSocketAddress()));
            } catch (IOException e) {
                // closed
            }
        }
    }

    private byte[] answer(byte[] asked) throws IOException {
        ByteBuffer question = ByteBuffer.wrap(asked);
        short id = question.getShort();
        question.position(HEADER);
        StringBuilder name = new StringBuilder();
        for (int n = question.get(); n > 0; n = question.get()) {
            byte[] label = new byte[n];
            question.get(label);
            name.append(name.isEmpty() ? "" : ".").append(new String(label, StandardCharsets.US_ASCII));
        }
        int type = question.getShort();
        int end = question.position() + 2;
        List<Target> known = records.get(name.toString());
        List<Target> found = known == null
                ? List.of()
                : known.stream().filter(t -> type == (t.port == 0 ? A : SRV)).toList();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        out.writeShort(id);
        // a response, recursion asked for and available, and whether the name exists
        out.writeShort(0x8180 | (known == null ? 3 : 0));
        out.writeShort(1);
        out.writeShort(found.size());
        out.writeInt(0);
        out.write(asked, HEADER, end - HEADER);
        for (Target t : found) {
            out.writeShort(0xC000 | HEADER);
            out.writeShort(type);
            out.writeShort(1);
            out.writeInt(0);
            byte[] data = type == A ? InetAddress.ofLiteral(t.host).getAddress() : service(t);
            out.writeShort(data.length);
            out.write(data);
        }
        return bytes.toByteArray();
    }

    private static byte[] service(Target t) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        out.writeInt(0);
        out.writeShort(t.port);
        for (String label : t.host.split("\\.")) {
            out.writeByte(label.length());
            out.writeBytes(label);
        }
        out.writeByte(0);
        return bytes.toByteArray();
    }

    @Override
    public void close() {
        socket.close();
    }
}
