/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.tail;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Linux's inotify, called directly: the watch service of the JDK wakes a thread for every line that somebody writes, which costs more than all
 * else that an agent does on a usual node. Here the events wait in the kernel until they are taken, all at once. Thread-safe.
 */
final class Inotify implements FileEvents {
    private static final int IN_MODIFY = 0x2;
    private static final int IN_MOVED_TO = 0x80;
    private static final int IN_CREATE = 0x100;
    private static final int IN_Q_OVERFLOW = 0x4000;
    private static final int IN_IGNORED = 0x8000;
    private static final int IN_ONLYDIR = 0x1000000;
    /** {@code IN_NONBLOCK | IN_CLOEXEC}, and the same for eventfd. */
    private static final int FLAGS = 0x80800;

    private static final int POLLIN = 1;
    private static final int HEADER_BYTES = 16;
    private static final int BUFFER_BYTES = 64 * 1024;
    /** How the system writes names of files. */
    private static final Charset NAMES = Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));

    /** The functions of the C library. */
    private record Functions(
            MethodHandle init,
            MethodHandle addWatch,
            MethodHandle removeWatch,
            MethodHandle eventfd,
            MethodHandle poll,
            MethodHandle read,
            MethodHandle write,
            MethodHandle close) {}

    /** Null where there is no inotify, or the JVM may not call it. */
    private static final @Nullable Functions FUNCTIONS = functions();

    private final Functions c;
    private final int fd;
    private final int wakeFd;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment buffer = arena.allocate(BUFFER_BYTES);
    private final MemorySegment polled = arena.allocate(16, 4);
    private final Map<Integer, Path> directories = new ConcurrentHashMap<>();
    /** Held while the descriptors are used, but for waiting. */
    private final ReentrantLock lock = new ReentrantLock();

    private boolean closed;
    private boolean waiting;

    private Inotify(Functions c) throws IOException {
        this.c = c;
        this.fd = callInt(c.init, FLAGS);
        this.wakeFd = fd < 0 ? -1 : callInt(c.eventfd, 0, FLAGS);
        if (wakeFd < 0) {
            release();
            throw new IOException("no more inotify instances (fs.inotify.max_user_instances) or files");
        }
        polled.set(ValueLayout.JAVA_INT, 0, fd);
        polled.set(ValueLayout.JAVA_SHORT, 4, (short) POLLIN);
        polled.set(ValueLayout.JAVA_INT, 8, wakeFd);
        polled.set(ValueLayout.JAVA_SHORT, 12, (short) POLLIN);
    }

    @SuppressWarnings("restricted") // asked for before
    private static @Nullable Functions functions() {
        if (!System.getProperty("os.name", "").equals("Linux")
                || !Inotify.class.getModule().isNativeAccessEnabled()) {
            return null;
        }
        try {
            Linker linker = Linker.nativeLinker();
            MemoryLayout i = ValueLayout.JAVA_INT;
            MemoryLayout l = ValueLayout.JAVA_LONG;
            MemoryLayout p = ValueLayout.ADDRESS;
            return new Functions(
                    function(linker, "inotify_init1", i, i),
                    function(linker, "inotify_add_watch", i, i, p, i),
                    function(linker, "inotify_rm_watch", i, i, i),
                    function(linker, "eventfd", i, i, i),
                    function(linker, "poll", i, p, l, i),
                    function(linker, "read", l, i, p, l),
                    function(linker, "write", l, i, p, l),
                    function(linker, "close", i, i));
        } catch (UnsupportedOperationException | IllegalCallerException e) {
            System.getLogger(Inotify.class.getName())
                    .log(System.Logger.Level.DEBUG, "inotify is not called directly: " + e.getMessage());
            return null;
        }
    }

    @SuppressWarnings("restricted") // as above
    private static MethodHandle function(Linker linker, String name, MemoryLayout result, MemoryLayout... arguments) {
        SymbolLookup lookup = linker.defaultLookup();
        return linker.downcallHandle(
                lookup.find(name).orElseThrow(() -> new UnsupportedOperationException("no " + name)),
                FunctionDescriptor.of(result, arguments));
    }

    /**
     * Opens it.
     *
     * @return null where there is no such thing
     * @throws IOException if the system's limits do not allow it
     */
    static @Nullable Inotify open() throws IOException {
        Functions f = FUNCTIONS;
        return f == null ? null : new Inotify(f);
    }

    private static int callInt(MethodHandle function, Object... arguments) {
        try {
            return (int) function.invokeWithArguments(arguments);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public Object watch(Path directory) throws IOException {
        byte[] name = directory.toString().isEmpty()
                ? ".".getBytes(NAMES)
                : directory.toString().getBytes(NAMES);
        int wd;
        lock.lock();
        try (Arena a = Arena.ofConfined()) {
            if (closed) {
                throw new IOException("closed");
            }
            MemorySegment path = a.allocate(name.length + 1L);
            MemorySegment.copy(name, 0, path, ValueLayout.JAVA_BYTE, 0, name.length);
            wd = callInt(c.addWatch, fd, path, IN_MODIFY | IN_MOVED_TO | IN_CREATE | IN_ONLYDIR);
            if (wd >= 0) {
                directories.put(wd, directory);
            }
        } finally {
            lock.unlock();
        }
        if (wd < 0) {
            if (!Files.isDirectory(directory)) {
                throw new NoSuchFileException(directory.toString());
            }
            throw new IOException("it may not be read, or fs.inotify.max_user_watches is reached");
        }
        return wd;
    }

    @Override
    public boolean isWatched(Object key) {
        return directories.containsKey(key);
    }

    @Override
    public void unwatch(Object key) {
        lock.lock();
        try {
            if (directories.remove(key) != null && !closed) {
                int ignored = callInt(c.removeWatch, fd, key); // it may be gone
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public boolean await() {
        lock.lock();
        try {
            if (closed) {
                return false;
            }
            waiting = true;
        } finally {
            lock.unlock();
        }
        try {
            int ignored = (int) c.poll.invokeExact(polled, 2L, -1); // a signal ends it, too, and nothing is there then
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
        lock.lock();
        try {
            waiting = false;
            if (closed) {
                release();
            }
            return !closed;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void take(Listener to) {
        lock.lock();
        try {
            while (!closed) {
                long n = (long) c.read.invokeExact(fd, buffer, (long) BUFFER_BYTES);
                if (n <= 0) {
                    return;
                }
                for (long at = 0; at + HEADER_BYTES <= n; ) {
                    at = event(at, to);
                }
            }
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        } finally {
            lock.unlock();
        }
    }

    /** Tells of the event at a place in the buffer, and returns where the next is. */
    private long event(long at, Listener to) {
        int wd = buffer.get(ValueLayout.JAVA_INT, at);
        int mask = buffer.get(ValueLayout.JAVA_INT, at + 4);
        int length = buffer.get(ValueLayout.JAVA_INT, at + 12);
        if ((mask & IN_Q_OVERFLOW) != 0) {
            to.lost();
        } else if ((mask & IN_IGNORED) != 0) {
            directories.remove(wd);
        } else {
            Path directory = directories.get(wd);
            if (directory != null && length > 0) {
                to.event(directory, name(at + HEADER_BYTES, length), (mask & IN_MODIFY) == 0);
            }
        }
        return at + HEADER_BYTES + length;
    }

    private String name(long at, int length) {
        byte[] bytes = new byte[length];
        MemorySegment.copy(buffer, ValueLayout.JAVA_BYTE, at, bytes, 0, length);
        int end = 0;
        while (end < length && bytes[end] != 0) {
            end++;
        }
        return new String(bytes, 0, end, NAMES);
    }

    /** Idempotent. Ends {@link #await}. */
    @Override
    public void close() {
        lock.lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
            if (waiting) {
                buffer.set(ValueLayout.JAVA_LONG, 0, 1);
                long ignored = (long) c.write.invokeExact(wakeFd, buffer, 8L);
            } else {
                release();
            }
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        } finally {
            lock.unlock();
        }
    }

    private void release() {
        for (int f : new int[] {fd, wakeFd}) {
            if (f >= 0) {
                int ignored = callInt(c.close, f);
            }
        }
        arena.close();
    }
}
