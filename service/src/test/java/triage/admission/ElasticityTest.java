package triage.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ElasticityTest {
  private static final double SERVICE = 100e6;
  private static final int SAMPLES = 4000;

  private final Random random = new Random(7);

  @ParameterizedTest(name = "sigma {0}")
  @ValueSource(doubles = {.2, .5, 1.5})
  void isOneWhereAllThatIsAddedWaits(double sigma) {
    // A hundred in flight at 100 slots, then 40 more that wait.
    double perNano = 100 / (SERVICE * Math.exp(sigma * sigma / 2));
    Elasticity elasticity = ofTimes(sigma, 0, 40 / perNano, perNano);

    assertThat(elasticity.value()).isCloseTo(1, within(.35));
    assertThat(elasticity.inFavourOfRoom()).isLessThan(-10);
  }

  @ParameterizedTest(name = "sigma {0}")
  @ValueSource(doubles = {.2, .5, 1.5})
  void isNoneWhereIdleSlotsTakeAll(double sigma) {
    Elasticity elasticity = ofTimes(sigma, 0, 0, 100 / SERVICE);

    assertThat(elasticity.value()).isCloseTo(0, within(.25));
    assertThat(elasticity.inFavourOfRoom()).isGreaterThan(10);
  }

  @ParameterizedTest(name = "sigma {0}")
  @ValueSource(doubles = {.2, .5, 1.5})
  void ofSharedTimesIsOneWhereTimesGrowAsWhatIsInFlight(double sigma) {
    Phase lower = phase(100, sigma, 0);
    Phase higher =
        PhaseTest.phase(
            SAMPLES, 140, () -> 1.4 * SERVICE * Math.exp(sigma * random.nextGaussian()));
    Elasticity elasticity = Elasticity.ofSharedTimes(new Pair(lower, higher, 1), 0);

    assertThat(elasticity.value()).isCloseTo(1, within(3 * elasticity.doubt()));
    assertThat(elasticity.doubt()).isLessThan(.11);
  }

  @Test
  void ofThroughputSeesThrashing() {
    Phase lower = window(100, 1000);
    Phase higher = window(140, 800);

    assertThat(ofThroughput(lower, window(140, 1400))).isCloseTo(0, within(1e-9));
    assertThat(ofThroughput(lower, window(140, 1000))).isCloseTo(1, within(1e-9));
    assertThat(ofThroughput(lower, higher)).isGreaterThan(1.5);
  }

  @Test
  void theSurerOfTwoCountsForMore() {
    Elasticity both = new Elasticity(0, .1).with(new Elasticity(1, .3));

    assertThat(both.value()).isCloseTo(.1, within(1e-9));
    assertThat(both.doubt()).isLessThan(.11);
  }

  @Test
  void isBeyondOnlyWhereThatIsSure() {
    assertThat(new Elasticity(.9, .3).isSurelyBeyond()).isTrue();
    assertThat(new Elasticity(.9, .5).isSurelyBeyond()).isFalse();
  }

  @Test
  void whatCannotBeSaysThatTheWorkHasChanged() {
    assertThat(new Elasticity(-2, .3).isImpossible()).isTrue();
    assertThat(new Elasticity(-2, 1).isImpossible()).isFalse();
    assertThat(new Elasticity(5, .3).isImpossible()).isTrue();
  }

  private static double ofThroughput(Phase lower, Phase higher) {
    return Elasticity.ofThroughput(new Pair(lower, higher, 1), .25).value();
  }

  private Elasticity ofTimes(double sigma, double lowWaits, double highWaits, double perNano) {
    FreeTime free = new FreeTime();
    free.remember(phase(100, sigma, 0), 0);
    return Elasticity.ofTimes(
        new Pair(phase(100, sigma, lowWaits), phase(140, sigma, highWaits), perNano), free, 0);
  }

  private Phase phase(int inFlight, double sigma, double waits) {
    return PhaseTest.phase(
        SAMPLES, inFlight, () -> SERVICE * Math.exp(sigma * random.nextGaussian()) + waits);
  }

  private static Phase window(int inFlight, int served) {
    Phase phase = PhaseTest.phase(1, inFlight, () -> SERVICE);
    phase.openWindow(0, 0);
    phase.closeWindow(served, 1_000_000_000);
    return phase;
  }
}
