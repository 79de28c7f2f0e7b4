package triage.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Instant;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class AuditRowTest {

  @Test
  void cutsAndCleansWhatACallerMadeUp() {
    AuditRow row = row("evil\0\n\u001b[31m", "m".repeat(10_000), 200, null, 0);
    assertThat(row.caller()).isEqualTo("evil???[31m");
    assertThat(row.model()).hasSize(200);
  }

  @Test
  void keepsWholeSignsAndReplacesHalves() {
    assertThat(AuditText.bounded("α\ud83d\ude00\ud83d")).isEqualTo("α\ud83d\ude00?");
    assertThat(AuditText.bounded("x".repeat(199) + "\ud83d\ude00"))
        .isEqualTo("x".repeat(199) + "?");
  }

  @Test
  void refusesNumbersThatCannotBe() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> row("c", "m", 99, null, 0))
        .withMessage("status: 99 (expected: 0 or 100 to 599)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> row("c", "m", 200, null, -1))
        .withMessage("bodyBytes: -1 (expected: >= 0)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> row("c", "m", 200, "abc", 0))
        .withMessage("inputSha256: of length 3 (expected: 64 hex digits)");
  }

  private static AuditRow row(
      String caller, String model, int status, String digest, long bodyBytes) {
    return new AuditRow(
        new UUID(1, 1),
        Instant.EPOCH,
        caller,
        model,
        null,
        null,
        AuditVerdict.SERVED,
        null,
        status,
        digest,
        bodyBytes,
        0,
        0,
        null);
  }
}
