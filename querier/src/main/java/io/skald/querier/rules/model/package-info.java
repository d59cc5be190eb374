/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
/** Rule groups as people write them: the records, YAML in and out, every problem with its line. For the ruler and the CLI. */
@org.jspecify.annotations.NullMarked
package io.skald.querier.rules.model;
