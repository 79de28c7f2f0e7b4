package triage.admission;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import triage.admission.Turns.Level;

final class TurnsTest {
  private final Turns turns = new Turns();

  @Test
  void alternatesBetweenLowerAndHigherWhereNobodyLooksBelow() {
    assertThat(turns.now()).isEqualTo(Level.HIGHER);
    assertThat(next(4, false))
        .containsExactly(Level.LOWER, Level.HIGHER, Level.LOWER, Level.HIGHER);
  }

  @Test
  void looksBelowUntilTheLowerLevelIsConfirmedAndThenNowAndThen() {
    assertThat(next(4, true)).containsExactly(Level.LOWER, Level.BELOW, Level.LOWER, Level.BELOW);
    turns.looked(true);

    List<Level> later = next(64, true);
    assertThat(later).filteredOn(level -> level == Level.LOWER).hasSize(32);
    assertThat(later).filteredOn(level -> level == Level.BELOW).hasSize(2);
    assertThat(later).filteredOn(level -> level == Level.HIGHER).hasSize(30);
  }

  @Test
  void theLowerLevelLastsLongerOnceConfirmed() {
    next(1, true);
    assertThat(turns.lasting()).isEqualTo(1);
    turns.looked(true);
    assertThat(turns.lasting()).isGreaterThan(1);
    next(1, true);
    assertThat(turns.lasting()).isEqualTo(1);
    turns.begin();
    next(1, true);
    assertThat(turns.lasting()).isEqualTo(1);
  }

  @Test
  void staysAtTheLowerLevelWhereThatHasMoved() {
    next(1, false);

    assertThat(turns.next(false, false)).isEqualTo(Level.LOWER);
  }

  private List<Level> next(int times, boolean looksBelow) {
    List<Level> seen = new ArrayList<>();
    for (int i = 0; i < times; i++) {
      seen.add(turns.next(turns.now() == Level.LOWER, looksBelow));
    }
    return seen;
  }
}
