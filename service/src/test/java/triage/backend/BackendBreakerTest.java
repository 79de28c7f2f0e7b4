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
      new Turnstile(new GateSettings(10), List.of(LimitSettings.fixed(1)), time, timer);
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

  @Test
  void oneCallersFailuresDoNotOpenItWhileOthersAreAnswered() {
    for (int i = 0; i < 50; i++) {
      answered("good");
      time.advance(Duration.ofMillis(900));
      failed("bad");
      failed("bad");
    }
    assertThat(isOpen()).isFalse();
    assertThat(breaker.counts().failed()).isZero();
    assertThat(breaker.counts().succeeded()).isEqualTo(50);
  }

  @Test
  void oneCallersFailuresOpenItOnceNobodyHasBeenAnsweredForASecond() {
    answered("good");
    failed("bad");
    time.advance(SECOND.plusNanos(1));
    for (int i = 0; i < 4; i++) {
      failed("bad");
    }
    assertThat(isOpen()).isFalse();
    failed("bad");
    assertThat(isOpen()).isTrue();
  }

  @Test
  void failuresOfTwoCallersOpenItWhoeverElseIsAnswered() {
    for (int i = 0; i < 3; i++) {
      answered("good");
      failed("one");
      failed("two");
    }
    // The very first could have been the caller's own.
    assertThat(breaker.counts().failed()).isEqualTo(5);
    assertThat(isOpen()).isTrue();
  }

  @Test
  void failuresOfWhoIsAloneOpenIt() {
    for (int i = 0; i < 5; i++) {
      answered("only");
      failed("only");
    }
    assertThat(isOpen()).isTrue();
  }

  @Test
  void connectionsThatDoNotComeAboutOpenItWhoeverAsks() {
    for (int i = 0; i < 5; i++) {
      answered("good");
      assertThat(breaker.begin()).isTrue();
      breaker.failed();
    }
    assertThat(isOpen()).isTrue();
  }

  private void answered(String caller) {
    assertThat(breaker.begin()).isTrue();
    breaker.succeeded(caller);
  }

  private void failed(String caller) {
    assertThat(breaker.begin()).isTrue();
    breaker.failed(caller);
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
