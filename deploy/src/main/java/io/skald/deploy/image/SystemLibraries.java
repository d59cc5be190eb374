/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.deploy.image;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The shared libraries of this machine that programs need: the C library, its loader, and what RocksDB is linked with. */
final class SystemLibraries {
    private static final Pattern LINE = Pattern.compile("\\s*(?:\\S+ => )?(/\\S+) \\(0x[0-9a-f]+\\)");

    private SystemLibraries() {}

    /**
     * What a runtime and native libraries load from the system, by the paths under which the loader finds them; sorted.
     *
     * @throws IOException if {@code ldd} fails or a library is missing
     */
    static List<Path> of(Path runtime, Path natives) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("ldd"));
        command.add(runtime.resolve("bin/java").toString());
        try (Stream<Path> files = Files.walk(runtime.resolve("lib"))) {
            files.filter(f -> f.toString().endsWith(".so")).sorted().forEach(f -> command.add(f.toString()));
        }
        ImageBuild.list(natives, ".so").forEach(f -> command.add(f.toString()));
        Process p = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(p.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (p.waitFor() != 0) {
            throw new IOException("ldd failed: " + said);
        }
        TreeSet<Path> found = new TreeSet<>();
        for (String line : said.lines().toList()) {
            Matcher m = LINE.matcher(line);
            if (m.matches()) {
                Path library = Path.of(m.group(1));
                if (!library.toRealPath().startsWith(runtime.toRealPath())) {
                    found.add(library);
                }
            }
        }
        if (found.stream().noneMatch(f -> f.getFileName().toString().startsWith("libc.so"))) {
            throw new IOException("no C library among what ldd names: " + said);
        }
        return List.copyOf(found);
    }
}
