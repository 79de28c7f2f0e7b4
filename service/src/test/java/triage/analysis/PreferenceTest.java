package triage.analysis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.time.Duration;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import triage.gateway.RefusedException;

class PreferenceTest {
  private static final Duration MAX = Duration.ofSeconds(60);

  @Test
  void readsOneHeaderOrSeveral() throws RefusedException {
    Preference both = new Preference(true, Duration.ofSeconds(2));

    assertThat(of("respond-async, wait=2")).isEqualTo(both);
    assertThat(of("Respond-Async", "Wait = 2")).isEqualTo(both);
    assertThat(of("wait=2;x=y, respond-async; foo=\"bar\"")).isEqualTo(both);
    assertThat(of("respond-async")).isEqualTo(new Preference(true, null));
    assertThat(of()).isEqualTo(new Preference(false, null));
  }

  @Test
  void passesOverWhatItDoesNotKnowAndWhatComesAgain() throws RefusedException {
    assertThat(of("return=minimal, respond-async, handling=lenient").async()).isTrue();
    assertThat(of("waitfoo, waiting=x, wait-for=1, wait=1").patience())
        .isEqualTo(Duration.ofSeconds(1));
    assertThat(of("wait=1, wait=9").patience()).isEqualTo(Duration.ofSeconds(1));
  }

  @Test
  void defersOnlyForWhoTakesA202() throws RefusedException {
    assertThat(of("respond-async, wait=2").deferral()).isEqualTo(Duration.ofSeconds(2));
    assertThat(of("respond-async").deferral()).isZero();
    assertThat(of("wait=2").deferral()).isZero();
  }

  @Test
  void tellsWhatAnAnswerFollows() {
    assertThat(Preference.applied(true, Duration.ZERO)).isEqualTo("respond-async");
    assertThat(Preference.applied(true, Duration.ofSeconds(2))).isEqualTo("respond-async, wait=2");
    assertThat(Preference.applied(false, Duration.ofSeconds(2))).isEqualTo("wait=2");
  }

  @Test
  void cutsALongWait() throws RefusedException {
    assertThat(of("wait=999999999").patience()).isEqualTo(MAX);
  }

  @ParameterizedTest
  @ValueSource(strings = {"wait=1e9", "wait=-1", "wait=", "wait", "wait=2.5", "wait=9999999999"})
  void refusesAWaitThatIsNoWholeNumber(String header) {
    assertThatExceptionOfType(RefusedException.class).isThrownBy(() -> of(header));
  }

  @Test
  void refusesTooMany() {
    assertThatExceptionOfType(RefusedException.class)
        .isThrownBy(() -> of(String.join(",", Collections.nCopies(17, "a"))));
  }

  @Test
  void refusesKeysThatBreakTheRule() throws RefusedException {
    assertThat(IdempotencyKey.of(List.of())).isNull();
    assertThat(IdempotencyKey.of(List.of(" \"a b\" "))).isEqualTo("a b");
    assertThat(IdempotencyKey.of(List.of("k".repeat(200)))).hasSize(200);
    for (List<String> bad :
        List.of(
            List.of(""),
            List.of("\"\""),
            List.of("k".repeat(201)),
            List.of("\u00e4"),
            List.of("a", "a"))) {
      assertThatExceptionOfType(RefusedException.class).isThrownBy(() -> IdempotencyKey.of(bad));
    }
  }

  private static Preference of(String... headers) throws RefusedException {
    return Preference.of(List.of(headers), MAX);
  }
}
