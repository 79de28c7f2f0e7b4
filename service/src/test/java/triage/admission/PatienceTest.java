package triage.admission;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class PatienceTest {
  private static final long SECONDS = 1_000_000_000L;

  private final Patience patience = new Patience();

  @Test
  void letsHalfOfItBeUsedUpByWaitingAndWork() {
    patience.note(30 * SECONDS, 1);

    assertThat(patience.bearable(phase(5 * SECONDS), 0)).isBetween(8 * 2.99, 8 * 3.01);
  }

  @Test
  void letsMoreBeUsedUpByTheFirstGrowth() {
    patience.note(30 * SECONDS, 1);

    assertThat(patience.bearableAtFirst(phase(5 * SECONDS), 0)).isBetween(8 * 4.79, 8 * 4.81);
  }

  @Test
  void leavesOutWhatComesAfterTheBeginningOfAnAnswer() {
    patience.note(30 * SECONDS, 1);
    patience.noteAnswered(0.1, 1);

    // 15 s, of which the answer begins after 4: 11 s are left, in which 0.275 of them end.
    assertThat(patience.bearable(phase(40 * SECONDS), 0)).isBetween(8 * 1.27, 8 * 1.28);
  }

  /// Of eight in flight.
  private static Phase phase(long heldNanos) {
    Phase phase = new Phase();
    phase.begin(8, 0, 0);
    for (int i = 0; i < 8; i++) {
      phase.dispatch(8, 0);
      phase.end(0, heldNanos, Ending.SERVED);
    }
    return phase;
  }
}
