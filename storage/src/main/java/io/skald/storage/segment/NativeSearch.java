/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.segment;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import org.jspecify.annotations.Nullable;

/**
 * The C library's {@code memmem} over arrays of the heap, where there is one: it searches several times as fast as any loop that the JVM
 * compiles. Thread-safe.
 */
final class NativeSearch {
    /** Null where the platform has no such function, or the JVM may not call it. */
    private static final @Nullable MethodHandle MEMMEM = find();

    private NativeSearch() {}

    @SuppressWarnings("restricted") // asked for before
    private static @Nullable MethodHandle find() {
        if (!NativeSearch.class.getModule().isNativeAccessEnabled()) {
            return null;
        }
        try {
            Linker linker = Linker.nativeLinker();
            SymbolLookup lookup = linker.defaultLookup();
            FunctionDescriptor type = FunctionDescriptor.of(
                    ValueLayout.JAVA_LONG,
                    ValueLayout.ADDRESS,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.ADDRESS,
                    ValueLayout.JAVA_LONG);
            return lookup.find("memmem")
                    .map(f -> linker.downcallHandle(f, type, Linker.Option.critical(true)))
                    .orElse(null);
        } catch (UnsupportedOperationException | IllegalCallerException e) {
            System.getLogger(NativeSearch.class.getName())
                    .log(System.Logger.Level.DEBUG, "memmem is not used: " + e.getMessage());
            return null;
        }
    }

    static boolean isThere() {
        return MEMMEM != null;
    }

    /** Whether a needle, given as a heap segment, is in [from, to). Only where {@link #isThere}. */
    static boolean occurs(MemorySegment needle, byte[] b, int from, int to) {
        MethodHandle memmem = MEMMEM;
        if (memmem == null) {
            throw new IllegalStateException("no memmem here");
        }
        if (to - from < needle.byteSize()) {
            return false;
        }
        MemorySegment hay = MemorySegment.ofArray(b).asSlice(from, to - from);
        try {
            return (long) memmem.invokeExact(hay, (long) (to - from), needle, needle.byteSize()) != 0;
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }
}
