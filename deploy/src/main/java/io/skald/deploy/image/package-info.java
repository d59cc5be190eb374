/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
/** Makes the container image from the distribution; run by the profile {@code image}, not part of what is shipped. */
@NullMarked
package io.skald.deploy.image;

import org.jspecify.annotations.NullMarked;
