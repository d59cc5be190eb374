/** Turns a Promtail configuration, with Skald's own keys, into what an agent runs; every problem is told with file, line and key. */
@org.jspecify.annotations.NullMarked
package io.skald.agent.config;
