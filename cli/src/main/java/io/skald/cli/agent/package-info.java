/** {@code skald agent}: collects logs on a node. For {@link io.skald.cli.Main}. */
@org.jspecify.annotations.NullMarked
package io.skald.cli.agent;
