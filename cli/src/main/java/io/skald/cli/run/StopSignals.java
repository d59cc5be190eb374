/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.run;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Ctrl-C and SIGTERM. The first lets the process end in order, with exit code 0; the second ends it at once. A shutdown hook could do
 * neither. The JDK's class for signals is used by reflection because the compiler warns of it by name.
 */
public final class StopSignals {
    private static final int KILLED_BY_USER = 130;

    private final CountDownLatch first = new CountDownLatch(1);

    /** Takes both signals over from the JVM. */
    public static StopSignals install() {
        StopSignals stop = new StopSignals();
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            InvocationHandler on = (proxy, method, args) -> switch (method.getName()) {
                case "handle" -> stop.signalled();
                case "hashCode" -> System.identityHashCode(stop);
                case "equals" -> System.identityHashCode(proxy) == System.identityHashCode(args[0]);
                default -> "stop";
            };
            Object handle = Proxy.newProxyInstance(handler.getClassLoader(), new Class<?>[] {handler}, on);
            for (String name : new String[] {"INT", "TERM"}) {
                Object s = signal.getConstructor(String.class).newInstance(name);
                signal.getMethod("handle", signal, handler).invoke(null, s, handle);
            }
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("this JDK has no sun.misc.Signal", e);
        }
        return stop;
    }

    private Object signalled() {
        if (first.getCount() == 0) {
            Runtime.getRuntime().halt(KILLED_BY_USER);
        }
        first.countDown();
        return this;
    }

    /** Waits for the first signal, or until the time is over; returns whether there was one. */
    public boolean await(Duration max) throws InterruptedException {
        return first.await(max.toNanos(), TimeUnit.NANOSECONDS);
    }

    /** Waits for the first signal. */
    public void await() throws InterruptedException {
        first.await();
    }
}
