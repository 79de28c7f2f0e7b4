package triage.backend;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import triage.admission.GateSettings;
import triage.admission.LimitSettings;
import triage.time.SettableTime;

final class BackendBreakerTest {
  private static final Duration SECOND = Duration.ofSeconds(1);

  private final SettableTime time = new SettableTime(Instant.EPOCH);
  private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
  private final Turnstile turnstile =
      new Turnstile(new GateSettings(10), List.of(LimitSettings.fixed(1)), time);
  private final BackendBreaker breaker =
      new BackendBreaker(
          "m-0",
          BreakerSettings.of(null, null, Duration.ofMinutes(10), null),
          turnstile,
          0,
          time,
          timer);

  @AfterEach
  void stop() {
    timer.shutdownNow();
  }

  @Test
  void opensWhenThreeInARowEndWithoutAByte() {
    silent(SECOND);
    silent(SECOND);
    assertThat(isOpen()).isFalse();
    silent(SECOND);
    assertThat(isOpen()).isTrue();
  }

  @Test
  void aByteBetweenThemSaysThatItOnlyIsSlow() {
    silent(SECOND);
    silent(SECOND);
    assertThat(breaker.begin()).isTrue();
    time.advance(SECOND);
    breaker.progressed();
    breaker.timedOut(SECOND);
    silent(SECOND);
    silent(SECOND);
    assertThat(isOpen()).isFalse();
  }

  @Test
  void callersInAHurrySayNothing() {
    for (int i = 0; i < 20; i++) {
      silent(Duration.ofMillis(10));
    }
    assertThat(isOpen()).isFalse();
  }

  @Test
  void opensAtOnceWhenThreeInFlightTogetherAreSilent() {
    for (int i = 0; i < 3; i++) {
      assertThat(breaker.begin()).isTrue();
    }
    time.advance(SECOND);
    breaker.timedOut(SECOND);
    assertThat(isOpen()).isTrue();
  }

  private void silent(Duration patience) {
    assertThat(breaker.begin()).isTrue();
    time.advance(patience);
    breaker.timedOut(patience);
  }

  private boolean isOpen() {
    return !turnstile.snapshot().lanes().getFirst().open();
  }
}
