package triage.perf.rival;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DispatchedTest {
  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void givesBackWhatWasPut(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    Dispatched dispatched = new Dispatched();
    Map<Long, Integer> model = new HashMap<>();
    for (int step = 0; step < 20_000; step++) {
      long start = random.nextLong(400);
      if (model.containsKey(start)) {
        assertThat(dispatched.take(start)).isEqualTo(model.remove(start));
      } else {
        dispatched.put(start, step);
        model.put(start, step);
      }
      assertThat(dispatched.size()).isEqualTo(model.size());
    }
  }

  @ParameterizedTest(name = "{0} together")
  @ValueSource(ints = {1, 2, 200})
  void keepsApartThoseOfOneMoment(int count) {
    Dispatched dispatched = new Dispatched();
    for (int i = 0; i < count; i++) {
      dispatched.put(7, i);
    }
    int sum = 0;
    for (int i = 0; i < count; i++) {
      sum += dispatched.take(7);
    }
    assertThat(sum).isEqualTo(count * (count - 1) / 2);
    assertThatThrownBy(() -> dispatched.take(7))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("nothing in flight was dispatched at 7");
  }
}
