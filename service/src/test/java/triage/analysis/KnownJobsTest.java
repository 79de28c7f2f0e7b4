package triage.analysis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import triage.admission.Criticality;
import triage.identity.Caller;
import triage.time.SettableTime;

final class KnownJobsTest {
  private static final UUID ID = new UUID(1, 1);
  private static final Caller OWNER = caller("edc", Set.of("S-1"));

  private final SettableTime time = new SettableTime(Instant.EPOCH);
  private final KnownJobs known = new KnownJobs(time);

  @BeforeEach
  void look() {
    known.look(ids -> Map.of());
  }

  @Test
  void knowsWhatWasKeptForItsCallerAlone() {
    keep();
    assertThat(known.tag(ID, OWNER)).isEqualTo("\"3\"");
    assertThat(known.tag(ID, caller("epro", Set.of("S-1")))).isNull();
    assertThat(known.tag(ID, caller("edc", Set.of("S-2")))).isNull();
  }

  @Test
  void forgetsWhatHasChangedAlsoWhileItWasRead() {
    keep();
    known.changed(List.of(ID));
    assertThat(known.tag(ID, OWNER)).isNull();

    long before = known.before(ID);
    known.changed(List.of(ID));
    known.keep(job(), "\"3\"", before);
    assertThat(known.tag(ID, OWNER)).isNull();
  }

  @Test
  void keepsWhatTheStoreConfirmsAndNothingElse() {
    keep();
    known.look(ids -> Map.of(ID, 3L));
    assertThat(known.tag(ID, OWNER)).isNotNull();
    known.look(ids -> Map.of(ID, 4L));
    assertThat(known.tag(ID, OWNER)).isNull();
    keep();
    known.look(ids -> Map.of());
    assertThat(known.tag(ID, OWNER)).isNull();
  }

  @Test
  void knowsNothingWithoutALook() {
    keep();
    time.advance(Duration.ofSeconds(3));
    assertThat(known.tag(ID, OWNER)).isNull();
    known.look(ids -> Map.of(ID, 3L));
    assertThat(known.tag(ID, OWNER)).isNotNull();
    assertThatIllegalStateException()
        .isThrownBy(() ->
            known.look(ids -> {
              throw new IllegalStateException("away");
            }));
    assertThat(known.tag(ID, OWNER)).isNull();
  }

  @Test
  void forgetsWhatNobodyAsksFor() {
    keep();
    time.advance(Duration.ofSeconds(11));
    known.look(ids -> {
      assertThat(ids).isEmpty();
      return Map.of();
    });
    assertThat(known.tag(ID, OWNER)).isNull();
  }

  private void keep() {
    known.keep(job(), "\"3\"", known.before(ID));
  }

  private static Job job() {
    return new Job(
        ID,
        "edc",
        new Submission("m", "1", "S-1", null, null, new byte[0]),
        Criticality.CRITICAL,
        Instant.EPOCH,
        JobState.RUNNING,
        1,
        3,
        null,
        null,
        new Job.FirstAnswer("", 0, false));
  }

  private static Caller caller(String name, Set<String> studies) {
    return new Caller(name, Criticality.CRITICAL, studies, Set.of(), Instant.EPOCH);
  }
}
