package triage.pressure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

final class ReachTest {
  private static final long TICK = 100_000_000L;

  private final Reach reach = new Reach();
  private long now;
  private long own;

  @Test
  void isTheOwnPartOfTheProcessorsInUse() {
    ticks(60, .5, 2);
    assertThat(reach.ownShare()).hasValueCloseTo(.25, within(.001));
    ticks(60, 1.5, 2);
    assertThat(reach.ownShare()).hasValueCloseTo(.75, within(.01));
  }

  @Test
  void isUnknownWhereOneOfTheTwoIs() {
    ticks(10, .5, 2);
    reach.update(OptionalLong.empty(), OptionalDouble.of(2), now += TICK);
    assertThat(reach.ownShare()).isEmpty();
    assertThat(Reach.of(reach.ownShare())).isEqualTo(ShedController.FRACTION_MAX);
  }

  @Test
  void boundsWhoUsesLittleOnly() {
    assertThat(Reach.of(OptionalDouble.of(.05))).isEqualTo(.05);
    assertThat(Reach.of(OptionalDouble.of(.3))).isEqualTo(.3);
    assertThat(Reach.of(OptionalDouble.of(.375))).isBetween(.6, .7);
    assertThat(Reach.of(OptionalDouble.of(.45)))
        .isCloseTo(ShedController.FRACTION_MAX, within(1e-9));
    assertThat(Reach.of(OptionalDouble.of(1))).isCloseTo(ShedController.FRACTION_MAX, within(1e-9));
  }

  @Test
  void ownTimeGrowsWithWhatThisProcessDoes() {
    OwnTime time = new OwnTime(0);
    long before = time.nanos(1).orElseThrow();
    double sum = 0;
    while (time.nanos(2).orElseThrow() - before < 20_000_000) {
      sum += Math.sin(sum + 1);
    }
    assertThat(sum).isFinite();
    assertThat(time.nanos(3).orElseThrow()).isGreaterThanOrEqualTo(before + 20_000_000);
  }

  private void ticks(int count, double ownProcessors, double inUse) {
    for (int i = 0; i < count; i++) {
      now += TICK;
      own += (long) (ownProcessors * TICK);
      reach.update(OptionalLong.of(own), OptionalDouble.of(inUse), now);
    }
  }
}
