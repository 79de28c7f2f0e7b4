package triage.admission;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class WithheldTest {
  private static final long SECOND = 1_000_000_000;

  private final Withheld withheld = new Withheld();

  @Test
  void withholdsForTheUsualTime() {
    withheld.withhold(300, 1_000);
    withheld.withhold(300, 1_100);

    assertThat(withheld.count(1_299)).isEqualTo(2);
    assertThat(withheld.leftNanos(1_299)).isEqualTo(1);
    assertThat(withheld.count(1_300)).isEqualTo(1);
    assertThat(withheld.count(1_400)).isZero();
    assertThat(withheld.leftNanos(1_400)).isZero();
  }

  @Test
  void withholdsForASecondAtMostAndNotAtAllWhereNothingIsKnown() {
    withheld.withhold(0, 0);
    assertThat(withheld.count(0)).isZero();
    withheld.withhold(30.0 * SECOND, 0);

    assertThat(withheld.count(SECOND - 1)).isOne();
    assertThat(withheld.count(SECOND)).isZero();
  }

  @Test
  void theOneThatIsFreeFirstIsToldFirstWhateverTheirOrder() {
    withheld.withhold(300, 1_000);
    withheld.withhold(100, 1_050);
    withheld.withhold(200, 1_060);

    assertThat(withheld.leftNanos(1_100)).isEqualTo(50);
    assertThat(withheld.count(1_150)).isEqualTo(2);
    assertThat(withheld.leftNanos(1_150)).isEqualTo(110);
    assertThat(withheld.count(1_260)).isOne();
    assertThat(withheld.count(1_300)).isZero();
  }

  @Test
  void oneThatIsNotWithheldAtAllKeepsNobodyElse() {
    withheld.withhold(300, 1_000);
    withheld.withhold(-50, 1_000);

    assertThat(withheld.count(1_000)).isOne();
  }

  @Test
  void keepsAsManyAsThereAre() {
    for (int i = 0; i < 1_000; i++) {
      withheld.withhold(500, i);
    }

    assertThat(withheld.count(999)).isEqualTo(500);
    assertThat(withheld.leftNanos(999)).isEqualTo(1);
    assertThat(withheld.count(1_499)).isZero();
  }
}
