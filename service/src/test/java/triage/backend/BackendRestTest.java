package triage.backend;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import triage.admission.Absence;
import triage.admission.GateSettings;
import triage.admission.LimitSettings;
import triage.time.SettableTime;

final class BackendRestTest {
  private static final long HOUR = 3_600_000_000_000L;

  private final SettableTime time = new SettableTime(Instant.EPOCH);
  private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
  private final Turnstile turnstile =
      new Turnstile(new GateSettings(10), List.of(LimitSettings.fixed(1)), time, timer);
  private final BackendRest rest = new BackendRest("m-0", turnstile, 0, time, timer);

  @AfterEach
  void stop() {
    timer.shutdownNow();
  }

  @Test
  void restsAfterThreeRefusalsInARow() {
    rest.refused(HOUR);
    rest.refused(HOUR);
    assertThat(turnstile.snapshot().lanes().getFirst().open()).isTrue();
    rest.refused(HOUR);
    assertThat(turnstile.snapshot().lanes().getFirst().absences()).containsExactly(Absence.RESTING);
  }

  @Test
  void aBackendThatServesOthersIsOnlyAtItsLimit() {
    for (int i = 0; i < 20; i++) {
      rest.refused(HOUR);
      rest.refused(HOUR);
      rest.worked();
    }
    assertThat(turnstile.snapshot().lanes().getFirst().open()).isTrue();
  }

  @Test
  void refusalsWithoutATimeLetNobodyRest() {
    for (int i = 0; i < 20; i++) {
      rest.refused(0);
    }
    assertThat(turnstile.snapshot().lanes().getFirst().open()).isTrue();
  }
}
