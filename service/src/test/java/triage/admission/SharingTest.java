package triage.admission;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class SharingTest {
  private static final long SECONDS = 1_000_000_000;

  private final Sharing sharing = new Sharing();

  @Test
  void isSharedWhereBothWereDispatchedLately() {
    assertThat(sharing.isShared(0, 0)).isFalse();
    sharing.note(true, 0);
    assertThat(sharing.isShared(0, 0)).isFalse();
    sharing.note(false, 0);

    assertThat(sharing.isShared(0, 10 * SECONDS - 1)).isTrue();
    assertThat(sharing.isShared(0, 10 * SECONDS)).isFalse();
  }

  @Test
  void whatIsLateDependsOnHowLongAPermitIsHeld() {
    sharing.note(true, 0);
    sharing.note(false, 0);

    assertThat(sharing.isShared(30e9, 600 * SECONDS - 1)).isTrue();
    assertThat(sharing.isShared(30e9, 600 * SECONDS)).isFalse();
  }

  @Test
  void oneOfThemAloneIsNoLongerShared() {
    sharing.note(true, 0);
    sharing.note(false, 0);
    sharing.note(true, 20 * SECONDS);
    assertThat(sharing.isShared(0, 20 * SECONDS)).isFalse();

    sharing.note(false, 21 * SECONDS);
    assertThat(sharing.isShared(0, 21 * SECONDS)).isTrue();
  }
}
