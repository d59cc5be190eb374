/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.http;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/** Makes TLS contexts of PEM files. */
public final class TlsContexts {
    private static final char[] NO_PASSWORD = new char[0];

    private TlsContexts() {}

    /**
     * For a client that speaks plain HTTP only, and trusts nobody: one that is given no context reads all certificates of the system when it is
     * made, which takes some fifty milliseconds.
     */
    public static SSLContext none() {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, new TrustManager[0], null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has TLS", e);
        }
    }

    /**
     * A context for clients.
     *
     * @param ca whom to trust; null for those whom the JVM trusts
     * @param cert who this is, with {@code key}; null for nobody
     * @param insecure trusts any certificate of any host
     * @throws IOException if a file cannot be used; the message names it
     */
    public static SSLContext client(@Nullable Path ca, @Nullable Path cert, @Nullable Path key, boolean insecure)
            throws IOException {
        try {
            TrustManager[] trusted = null;
            if (insecure) {
                trusted = new TrustManager[] {new TrustsAll()};
            } else if (ca != null) {
                trusted = trust(ca);
            }
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(cert == null || key == null ? null : keys(cert, key), trusted, null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IOException("cannot use the TLS settings: " + e.getMessage(), e);
        }
    }

    /**
     * A context for servers.
     *
     * @param clientCa whose clients may connect; null for anybody's
     * @throws IOException if a file cannot be used; the message names it
     */
    public static SSLContext server(Path cert, Path key, @Nullable Path clientCa) throws IOException {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keys(cert, key), clientCa == null ? null : trust(clientCa), null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IOException("cannot use " + cert + " and " + key + ": " + e.getMessage(), e);
        }
    }

    private static TrustManager[] trust(Path ca) throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, NO_PASSWORD);
        int n = 0;
        for (Certificate c : certificates(ca)) {
            store.setCertificateEntry("ca" + n++, c);
        }
        TrustManagerFactory f = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        f.init(store);
        return f.getTrustManagers();
    }

    private static KeyManager[] keys(Path cert, Path key) throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, NO_PASSWORD);
        store.setKeyEntry(
                "key", privateKey(key), NO_PASSWORD, certificates(cert).toArray(new Certificate[0]));
        KeyManagerFactory f = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        f.init(store, NO_PASSWORD);
        return f.getKeyManagers();
    }

    private static List<Certificate> certificates(Path file) throws IOException, GeneralSecurityException {
        try (InputStream in = new ByteArrayInputStream(Files.readAllBytes(file))) {
            List<Certificate> all =
                    new ArrayList<>(CertificateFactory.getInstance("X.509").generateCertificates(in));
            if (all.isEmpty()) {
                throw new IOException("no certificate in " + file);
            }
            return all;
        }
    }

    private static PrivateKey privateKey(Path file) throws IOException, GeneralSecurityException {
        String pem = Files.readString(file);
        int from = pem.indexOf("-----BEGIN PRIVATE KEY-----");
        int to = pem.indexOf("-----END PRIVATE KEY-----");
        if (from < 0 || to < from) {
            throw new IOException(file + " holds no private key in PKCS #8 (openssl pkcs8 -topk8 -nodes converts one)");
        }
        byte[] der = Base64.getMimeDecoder().decode(pem.substring(from + 27, to));
        GeneralSecurityException last = null;
        for (String algorithm : new String[] {"RSA", "EC", "EdDSA"}) {
            try {
                return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(der));
            } catch (GeneralSecurityException e) {
                last = e;
            }
        }
        throw new IOException("cannot read the private key in " + file, last);
    }

    /** What {@code insecure_skip_verify} asks for. */
    private static final class TrustsAll extends X509ExtendedTrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
