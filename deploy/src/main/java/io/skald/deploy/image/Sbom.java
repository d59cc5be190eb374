/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.deploy.image;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/** The list of what the image holds: the jars as Maven knows them, and beside them the Java runtime and the system's libraries. */
final class Sbom {
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    private Sbom() {}

    /**
     * Adds to a CycloneDX list in JSON what Maven does not know of.
     *
     * @return {@code to}, written
     */
    static Path complete(Path maven, Path to, String javaVersion, List<Path> libraries) throws IOException {
        ObjectNode bom = (ObjectNode) JSON.readTree(Files.readString(maven));
        ArrayNode components = bom.withArray("/components");
        ObjectNode java = components.addObject();
        java.put("type", "platform").put("name", "openjdk").put("version", javaVersion);
        java.putArray("licenses").addObject().put("expression", "GPL-2.0-only WITH Classpath-exception-2.0");
        for (Path library : libraries) {
            ObjectNode c = components.addObject();
            // the name of the real file has the version, where there is one
            c.put("type", "library").put("name", library.toString());
            c.put("description", "from the machine that built the image: " + library.toRealPath());
            c.putArray("hashes").addObject().put("alg", "SHA-256").put("content", sha256(library));
        }
        return Files.writeString(to, JSON.writeValueAsString(bom) + "\n");
    }

    private static String sha256(Path file) throws IOException {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
                in.transferTo(OutputStream.nullOutputStream());
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
