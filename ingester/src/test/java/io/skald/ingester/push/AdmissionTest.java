/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.push;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.skald.core.model.ErrorCode;
import io.skald.core.model.RequestException;
import io.skald.core.model.TenantId;
import org.junit.jupiter.api.Test;

class AdmissionTest {
    private static final TenantId A = new TenantId("a");
    private static final TenantId B = new TenantId("b");

    private final Admission admission = new Admission(100);

    @Test
    void givesOneTenantAllThereIs() {
        try (Admission.Ticket first = admission.admit(A, 60);
                Admission.Ticket second = admission.admit(A, 40)) {
            assertThatThrownBy(() -> admission.admit(A, 1)).satisfies(e -> code(e, ErrorCode.UNAVAILABLE));
            assertThatThrownBy(() -> second.take(1)).satisfies(e -> code(e, ErrorCode.UNAVAILABLE));
            assertThat(first).isNotNull();
        }
        assertThat(admission.inFlight()).isZero();
        assertThat(admission.refused()).isEqualTo(2);
    }

    @Test
    void holdsATenantToItsShareWhenOthersAreThere() {
        try (Admission.Ticket other = admission.admit(B, 10)) {
            try (Admission.Ticket first = admission.admit(A, 50)) {
                assertThat(first).isNotNull();
                assertThatThrownBy(() -> admission.admit(A, 1)).satisfies(e -> code(e, ErrorCode.TOO_MANY_REQUESTS));
                admission.admit(B, 40).close();
            }
            admission.admit(A, 50).close();
            assertThat(other).isNotNull();
        }
        assertThat(admission.inFlight()).isZero();
    }

    @Test
    void takesAPushThatIsAloneHoweverLarge() {
        try (Admission.Ticket t = admission.admit(A, 500)) {
            t.take(1000);
            assertThat(admission.inFlight()).isEqualTo(1500);
        }
        assertThat(admission.inFlight()).isZero();
    }

    private static void code(Throwable e, ErrorCode code) {
        assertThat(e)
                .isInstanceOfSatisfying(
                        RequestException.class, r -> assertThat(r.code()).isEqualTo(code));
    }
}
