package triage.backend;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class RetryBudgetTest {
  private static final long SECOND = 1_000_000_000L;

  private final RetryBudget budget = new RetryBudget();

  @Test
  void threeAreGrantedInAnyCase() {
    assertThat(granted(10, 0)).isEqualTo(3);
    assertThat(budget.retries()).isEqualTo(3);
    assertThat(budget.denied()).isEqualTo(7);
  }

  @Test
  void aTenthOfWhatWasDispatchedIsGranted() {
    dispatch(1000, 0);
    assertThat(granted(500, SECOND)).isEqualTo(100);
  }

  @Test
  void whatIsLongAgoCountsNoMore() {
    dispatch(1000, 0);
    assertThat(granted(100, 5 * SECOND)).isEqualTo(100);
    assertThat(granted(10, 9 * SECOND)).isZero();
    assertThat(granted(10, 10 * SECOND)).isZero();
    dispatch(50, 14 * SECOND);
    assertThat(granted(10, 15 * SECOND)).isEqualTo(5);
    assertThat(granted(10, 1000 * SECOND)).isEqualTo(3);
  }

  @Test
  void takesTimesBelowZeroAndSmallStepsBack() {
    assertThat(granted(10, -7 * SECOND - 1)).isEqualTo(3);
    assertThat(granted(10, -8 * SECOND)).isZero();
    assertThat(granted(10, 7 * SECOND)).isEqualTo(3);
  }

  private void dispatch(int requests, long nowNanos) {
    IntStream.range(0, requests).forEach(_ -> budget.dispatched(nowNanos));
  }

  private int granted(int asked, long nowNanos) {
    return (int) IntStream.range(0, asked).filter(_ -> budget.take(nowNanos)).count();
  }
}
