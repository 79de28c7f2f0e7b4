package triage.admission;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class OvertakingTest {
  private final Overtaking overtaking = new Overtaking();

  @Test
  void countsThoseThatWereDispatchedBeforeAndHaveNotEnded() {
    long first = overtaking.begin();
    long second = overtaking.begin();
    long third = overtaking.begin();

    assertThat(overtaking.end(third)).isEqualTo(2);
    assertThat(overtaking.end(first)).isZero();
    assertThat(overtaking.end(second)).isZero();
    assertThat(overtaking.end(second)).isEqualTo(Overtaking.UNKNOWN);
    assertThat(overtaking.outstanding()).isZero();
  }

  @Test
  void countsAsAListWould() {
    Random random = new Random(1);
    List<Long> open = new ArrayList<>();
    for (int i = 0; i < 60_000; i++) {
      if (open.size() < 500 && random.nextInt(open.size() + 2) < 200) {
        open.add(overtaking.begin());
      } else {
        int index = random.nextInt(Math.min(open.size(), 300));
        assertThat(overtaking.end(open.remove(index))).isEqualTo(index);
      }
      assertThat(overtaking.outstanding()).isEqualTo(open.size());
    }
  }

  @Test
  void forgetsTheEarliestWhereThereAreTooMany() {
    long stuck = overtaking.begin();
    for (int i = 0; i < 8_191; i++) {
      overtaking.end(overtaking.begin());
    }
    long last = overtaking.begin();

    assertThat(overtaking.end(stuck)).isEqualTo(Overtaking.UNKNOWN);
    assertThat(overtaking.end(last)).isZero();
    assertThat(overtaking.outstanding()).isZero();
  }

  @Test
  void knowsNothingOfWhatWasDispatchedBeforeItForgotAll() {
    long before = overtaking.begin();
    overtaking.clear();
    long after = overtaking.begin();

    assertThat(overtaking.end(before)).isEqualTo(Overtaking.UNKNOWN);
    assertThat(overtaking.outstanding()).isOne();
    assertThat(overtaking.end(after)).isZero();
  }
}
