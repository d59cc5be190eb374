/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.notify;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;

/** An SMTP server for one connection after another. Each leaves what was said in {@link #sessions}; what came encrypted with a {@code *}. */
final class MailServer implements AutoCloseable {
    final BlockingQueue<String> sessions = new LinkedBlockingQueue<>();
    private final ServerSocket server;
    private final @Nullable SSLContext tls;
    private final String login;

    /**
     * @param tls for STARTTLS; null if it is not offered
     * @param login {@code user:password} that is asked for once the connection is encrypted; empty if none is
     */
    MailServer(@Nullable SSLContext tls, String login) throws IOException {
        this.server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
        this.tls = tls;
        this.login = login;
        Thread.ofVirtual().start(this::run);
    }

    int port() {
        return server.getLocalPort();
    }

    private void run() {
        while (!server.isClosed()) {
            StringBuilder said = new StringBuilder();
            try (Socket s = server.accept()) {
                serve(s, said);
            } catch (IOException e) {
                said.append("ended: ").append(e.getClass().getSimpleName()).append('\n');
            }
            sessions.add(said.toString());
        }
    }

    private void serve(Socket plain, StringBuilder said) throws IOException {
        Socket s = plain;
        boolean encrypted = false;
        BufferedReader in = reader(s);
        say(s, "220 test");
        String line = in.readLine();
        while (line != null) {
            said.append(encrypted ? "*" : "").append(line).append('\n');
            SSLContext context = tls;
            if (line.equals("STARTTLS") && context != null) {
                say(s, "220 go");
                SSLSocket inside = (SSLSocket) context.getSocketFactory().createSocket(plain, null, true);
                inside.setUseClientMode(false);
                inside.startHandshake();
                s = inside;
                encrypted = true;
                in = reader(s);
            } else if (line.startsWith("EHLO")) {
                boolean offers = !encrypted && tls != null;
                String auth = encrypted && !login.isEmpty() ? "250-AUTH PLAIN\r\n" : "";
                say(s, "250-test\r\n" + (offers ? "250-STARTTLS\r\n" : "") + auth + "250 8BITMIME");
            } else if (line.startsWith("AUTH PLAIN ")) {
                String given = new String(
                        Base64.getDecoder().decode(line.substring("AUTH PLAIN ".length())), StandardCharsets.UTF_8);
                say(s, given.endsWith("\0" + login.replace(':', '\0')) ? "235 ok" : "535 no");
            } else if (line.equals("DATA")) {
                say(s, "354 go");
                for (String l = in.readLine(); l != null && !l.equals("."); l = in.readLine()) {
                    said.append(encrypted ? "*" : "").append(l).append('\n');
                }
                say(s, "250 ok");
            } else {
                say(s, line.equals("QUIT") ? "221 bye" : "250 ok");
            }
            line = line.equals("QUIT") ? null : in.readLine();
        }
    }

    private static BufferedReader reader(Socket s) throws IOException {
        return new BufferedReader(new InputStreamReader(s.getInputStream(), StandardCharsets.UTF_8));
    }

    private static void say(Socket s, String text) throws IOException {
        OutputStream out = s.getOutputStream();
        out.write((text + "\r\n").getBytes(StandardCharsets.UTF_8));
        out.flush();
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
