package triage.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class ListenersTest {
  private final Listeners listeners =
      new Listeners(new EventSettings(3, 2, Duration.ofSeconds(15)));

  @Test
  void holdsSoManyOfACallerAndInAll() {
    Listeners.Listener first = listeners.listen("a").listener().orElseThrow();
    assertThat(listeners.listen("a").listener()).isPresent();
    assertThat(listeners.listen("a")).matches(place -> place.ownShare());
    assertThat(listeners.listen("b").listener()).isPresent();
    assertThat(listeners.listen("b")).matches(place -> !place.ownShare());
    assertThat(listeners.open()).isEqualTo(3);
    assertThat(listeners.refused()).isEqualTo(2);

    first.close();
    first.close();
    assertThat(listeners.open()).isEqualTo(2);
    assertThat(listeners.listen("b").listener()).isPresent();
  }

  @Test
  void wakesThoseOfTheCallerOnceForAllNews() throws Exception {
    Listeners.Listener a = listeners.listen("a").listener().orElseThrow();
    Listeners.Listener b = listeners.listen("b").listener().orElseThrow();
    listeners.wake("a");
    listeners.wake("a");

    assertThat(a.await(0)).isTrue();
    assertThat(a.await(0)).isFalse();
    assertThat(b.await(0)).isFalse();
  }

  @Test
  void wakesForChangesThatNobodyToldOf() throws Exception {
    Listeners.Listener a = listeners.listen("a").listener().orElseThrow();
    listeners.wake(Map.of("a", "1"));
    assertThat(a.await(0)).isTrue();
    listeners.wake(Map.of("a", "1"));
    assertThat(a.await(0)).isFalse();
    listeners.wake(Map.of("a", "2"));
    assertThat(a.await(0)).isTrue();
  }

  @Test
  void sendsAllAwayAndForgetsCallersWithoutAny() throws Exception {
    Listeners.Listener a = listeners.listen("a").listener().orElseThrow();
    listeners.sendAway();
    assertThat(listeners.areSentAway()).isTrue();
    assertThat(a.await(0)).isTrue();
    assertThat(listeners.callers()).containsExactly("a");
    a.close();
    assertThat(listeners.callers()).isEmpty();
  }
}
