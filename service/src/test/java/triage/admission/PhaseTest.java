package triage.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import java.util.function.DoubleSupplier;
import org.junit.jupiter.api.Test;

final class PhaseTest {
  @Test
  void keepsSamplesEvenlyOverTheOrderOfTheirEnds() {
    int[] next = {0};
    Phase phase = phase(1000, 10, () -> ++next[0]);
    double[] samples = new double[Phase.SAMPLES];

    int count = phase.copySamples(samples);

    assertThat(count).isBetween(Phase.SAMPLES / 2, Phase.SAMPLES);
    assertThat(Arrays.stream(samples, 0, count).average().orElse(0)).isCloseTo(500, within(60.0));
  }

  @Test
  void countsWhatIsOutstandingAsTheLongerPart() {
    Random random = new Random(3);
    double[] times = new double[1000];
    Arrays.setAll(times, i -> 1e6 * Math.exp(1.5 * random.nextGaussian()));
    Arrays.sort(times);
    Phase phase = new Phase();
    phase.begin(10, 0, 0);
    for (int i = 0; i < times.length; i++) {
      phase.dispatch(10, 0);
    }
    for (int i = 0; i < 700; i++) {
      phase.end(0, (long) times[i], Ending.SERVED);
    }

    assertThat(phase.logHeld(0)).isCloseTo(Math.log(1e6), within(.25));
    assertThat(phase.logHeldAtLeast((long) times[700])).isLessThan(phase.logHeld(0));
  }

  @Test
  void ofFewSamplesLittleIsSure() {
    assertThat(phase(4, 10, () -> 1e6).logNoise()).isGreaterThan(.03);
    assertThat(phase(400, 10, () -> 1e6).logNoise()).isLessThan(.001);
  }

  @Test
  void saysHowSureItIsOfHowManyWereOvertaken() {
    Phase few = phase(10, 10, () -> 1e6);
    Phase many = phase(1000, 10, () -> 1e6);
    for (int i = 0; i < 1000; i++) {
      many.overtook(i % 2 * 8, 9);
      if (i < 10) {
        few.overtook(i % 2 * 8, 9);
      }
    }

    assertThat(few.meanOvertaken()).isEqualTo(4);
    assertThat(few.overtakenNoise()).isCloseTo(.12, within(1e-9));
    assertThat(many.meanOvertaken()).isEqualTo(4);
    assertThat(many.overtakenNoise()).isCloseTo(.001, within(1e-5));
  }

  @Test
  void scatterIsThatOfTheTimesBesideTheirMean() {
    int[] next = {0};

    assertThat(phase(100, 10, () -> next[0]++ % 2 == 0 ? 1e9 : 3e9).scatter())
        .isCloseTo(.25, within(1e-9));
    assertThat(new Phase().scatter()).isZero();
  }

  /// Gives a phase in which all has ended.
  static Phase phase(int count, int inFlight, DoubleSupplier heldNanos) {
    Phase phase = new Phase();
    phase.begin(inFlight, 0, 0);
    for (int i = 0; i < count; i++) {
      phase.dispatch(inFlight, 0);
      phase.end(0, (long) heldNanos.getAsDouble(), Ending.SERVED);
    }
    return phase;
  }
}
