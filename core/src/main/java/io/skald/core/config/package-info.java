/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
/** Turns a YAML file and flags into config records. An unknown key is an error that names line and nearest valid key. */
@org.jspecify.annotations.NullMarked
package io.skald.core.config;
