package triage.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import triage.admission.Criticality;
import triage.admission.Outcome;
import triage.admission.Ticket;
import triage.backend.BackendSettings;
import triage.backend.ModelLoadException;
import triage.backend.ModelSettings;
import triage.backend.Models;
import triage.backend.Pass;
import triage.backend.Turnstile;
import triage.time.SettableTime;

final class PermitTest {
  private final SettableTime time = new SettableTime(Instant.EPOCH);
  private Models models;
  private Turnstile turnstile;

  @BeforeEach
  void open() throws ModelLoadException {
    BackendSettings backend =
        BackendSettings.of(
            URI.create("http://127.0.0.1:9"), null, 1, null, null, null, null, null, null);
    ModelSettings model = ModelSettings.at(List.of(backend));
    models = Models.open(Map.of("m", model), Path.of("."), 1, time, null);
    turnstile = Objects.requireNonNull(models.find("m")).turnstile();
  }

  @AfterEach
  void close() {
    models.close();
  }

  @Test
  void whatWasWaitedForTheCallerIsNoServiceTime() {
    Permit permit = permit();
    assertThat(permit.enter()).isTrue();
    time.advance(Duration.ofSeconds(3));
    permit.stalled(Duration.ofSeconds(2).toNanos());
    permit.ended(Outcome.SERVED, 0);
    permit.close();
    assertThat(turnstile.snapshot().lanes().getFirst().heldNanos()).isEqualTo(1e9);
  }

  @Test
  void isGivenBackWhateverIsThrown() {
    assertThatThrownBy(
            () -> {
              try (Permit permit = permit()) {
                assertThat(permit.enter()).isTrue();
                assertThat(inFlight()).isOne();
                throw new StackOverflowError();
              }
            })
        .isInstanceOf(StackOverflowError.class);
    assertThat(inFlight()).isZero();
  }

  @Test
  void isGivenBackOnceHoweverOftenItIsClosed() {
    Permit permit = permit();
    assertThat(permit.enter()).isTrue();
    permit.ended(Outcome.SERVED, 0);
    permit.close();
    permit.close();
    assertThat(inFlight()).isZero();
  }

  @Test
  void aRefusedOneGivesNothingBack() {
    turnstile.drain();
    try (Permit permit = permit()) {
      assertThat(permit.enter()).isFalse();
    }
    assertThat(inFlight()).isZero();
  }

  @Test
  void isKeptUntilWorkThatCannotBeInterruptedIsOver() {
    CompletableFuture<String> work = new CompletableFuture<>();
    try (Permit permit = permit()) {
      assertThat(permit.enter()).isTrue();
      permit.keepUntilOver(work, Outcome.OVERLOADED);
    }
    assertThat(inFlight()).isOne();
    work.complete("late");
    assertThat(inFlight()).isZero();
  }

  private Permit permit() {
    return new Permit(turnstile, new Pass("t", Criticality.CRITICAL, Ticket.NO_DEADLINE));
  }

  private int inFlight() {
    return turnstile.snapshot().lanes().getFirst().inFlight();
  }
}
