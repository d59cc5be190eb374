/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
/** {@code skald config}: checks and shows config files. */
@org.jspecify.annotations.NullMarked
package io.skald.cli.config;
