/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
/**
 * The HTTP shell of every process: a Netty server whose handlers run on virtual threads, routes, the tenant header, and errors turned into
 * statuses. Handlers see plain values and never Netty.
 */
@org.jspecify.annotations.NullMarked
package io.skald.core.http;
