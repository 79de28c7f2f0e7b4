package triage.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/// Who is woken, and when.
final class WaitersTest {
  private final Waiters waiters = new Waiters();
  private final UUID one = new UUID(0, 1);
  private final UUID other = new UUID(0, 2);

  @Test
  void wakesThoseOfTheJobAlone() {
    CountDownLatch first = waiters.waitFor(one);
    CountDownLatch second = waiters.waitFor(one);
    CountDownLatch third = waiters.waitFor(other);

    waiters.wake(List.of(one));

    assertThat(first.getCount()).isZero();
    assertThat(second.getCount()).isZero();
    assertThat(third.getCount()).isOne();
  }

  @Test
  void forgetsWhoHasGivenBack() {
    CountDownLatch first = waiters.waitFor(one);
    CountDownLatch second = waiters.waitFor(one);

    waiters.giveBack(one, first);
    assertThat(waiters.awaited()).containsExactly(one);
    waiters.giveBack(one, second);
    assertThat(waiters.awaited()).isEmpty();
  }

  @Test
  void sendsAwayThoseWhoWaitAndThoseWhoCome() {
    CountDownLatch early = waiters.waitFor(one);
    assertThat(waiters.areSentAway()).isFalse();

    waiters.sendAway();

    assertThat(waiters.areSentAway()).isTrue();
    assertThat(early.getCount()).isZero();
    assertThat(waiters.waitFor(other).getCount()).isZero();
  }
}
