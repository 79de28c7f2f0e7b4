package triage.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import triage.admission.Criticality;
import triage.admission.Ticket;
import triage.backend.Attempt;
import triage.backend.BackendSettings;
import triage.backend.HttpBackend;
import triage.backend.ModelLoadException;
import triage.backend.ModelSettings;
import triage.backend.ModelVersion;
import triage.backend.Models;
import triage.backend.Pass;
import triage.backend.Turnstile;
import triage.time.SettableTime;

/// A wait for the caller of one request, whose backend has just come back.
final class CallerWaitTest {
  private static final Duration SECOND = Duration.ofSeconds(1);
  private static final Duration GRACE = Duration.ofMillis(250);

  private final SettableTime time = new SettableTime(Instant.EPOCH);
  private final AtomicInteger woken = new AtomicInteger();
  private Models models;
  private Turnstile turnstile;
  private CallerWait wait;

  @BeforeEach
  void open() throws ModelLoadException {
    BackendSettings backend =
        BackendSettings.of(
            URI.create("http://127.0.0.1:9"), null, 8, null, null, null, null, null, null);
    ModelSettings settings = ModelSettings.at(List.of(backend));
    models = Models.open(Map.of("m", settings), Path.of("."), 1, time, null);
    ModelVersion model = Objects.requireNonNull(models.find("m"));
    turnstile = model.turnstile();
    turnstile.drain(0);
    turnstile.undrain(0);
    Pass pass = new Pass("t", Criticality.CRITICAL, Ticket.NO_DEADLINE);
    turnstile.enter(pass);
    Attempt attempt = ((HttpBackend) model.backends().getFirst()).breaker().attempt("t");
    assertThat(attempt.begin()).isTrue();
    wait = new CallerWait(attempt, turnstile, pass, time, woken::incrementAndGet);
  }

  @AfterEach
  void close() {
    models.close();
  }

  @Test
  void ofTwoWaitsAtATimeTheTimeCountsOnce() {
    wait.waits();
    time.advance(SECOND);
    wait.waits();
    time.advance(SECOND);
    assertThat(waited()).isEqualTo(Duration.ofSeconds(2));
    wait.goesOn();
    time.advance(SECOND);
    assertThat(wait.isWaiting()).isTrue();
    assertThat(waited()).isEqualTo(Duration.ofSeconds(3));
    wait.goesOn();
    time.advance(SECOND);
    assertThat(wait.isWaiting()).isFalse();
    assertThat(waited()).isEqualTo(Duration.ofSeconds(3));
    wait.waits();
    time.advance(SECOND);
    assertThat(waited()).isEqualTo(Duration.ofSeconds(4));
  }

  /// It is the wait for the caller that is long, whatever it is waited for.
  @Test
  void ofTwoWaitsAtATimeTheFirstSaysWhenThePlaceIsLeft() {
    wait.waits();
    time.advance(GRACE.dividedBy(2));
    wait.waits();
    wait.goesOn();
    assertThat(wait.leavePlace(time.nanos())).isEqualTo(GRACE.dividedBy(2).toNanos());
    assertThat(woken).as("who waits is woken at once").hasValue(1);
    time.advance(GRACE.dividedBy(2));
    wait.leavePlace(time.nanos());
    assertThat(limit()).isEqualTo(2);
    wait.goesOn();
    assertThat(limit()).isEqualTo(1);
  }

  /// Who is about to park leaves the place first, and may be woken for something else meanwhile.
  @Test
  void whoLeavesThePlaceIsToLookAgainBeforeItWaits() {
    assertThat(wait.leavePlace(time.nanos())).as("nothing to leave").isEqualTo(Long.MAX_VALUE);
    wait.waits();
    assertThat(wait.leavePlace(time.nanos())).isEqualTo(GRACE.toNanos());
    time.advance(GRACE);
    assertThat(wait.leavePlace(time.nanos())).as("it leaves now").isZero();
    assertThat(wait.leavePlace(time.nanos())).as("it has left").isEqualTo(Long.MAX_VALUE);
  }

  private Duration waited() {
    return Duration.ofNanos(wait.waitedNanos());
  }

  private int limit() {
    return turnstile.snapshot().lanes().getFirst().limit();
  }
}
