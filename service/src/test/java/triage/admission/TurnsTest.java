package triage.admission;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import triage.admission.Turns.Level;
import triage.admission.Turns.Look;

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
    turns.looked(Look.CAPACITY);

    List<Level> later = next(64, true);
    assertThat(later).filteredOn(level -> level == Level.LOWER).hasSize(32);
    assertThat(later).filteredOn(level -> level == Level.BELOW).hasSize(2);
    assertThat(later).filteredOn(level -> level == Level.HIGHER).hasSize(30);
  }

  @Test
  void looksForRoomAllTheSameWhereNothingIsConfirmed() {
    List<Level> seen = next(100, true);

    assertThat(seen).filteredOn(level -> level == Level.HIGHER).hasSizeGreaterThan(20);
    assertThat(seen).filteredOn(level -> level == Level.BELOW).hasSizeGreaterThan(20);
  }

  @Test
  void rarelyLooksWhereThatSaysNothing() {
    next(2, true);
    turns.looked(Look.NOTHING);
    assertThat(next(28, true)).doesNotContain(Level.BELOW);

    turns.begin();
    for (int i = 0; i < 4; i++) {
      next(4, true);
      turns.looked(Look.UNSURE);
    }
    assertThat(next(28, true)).doesNotContain(Level.BELOW);
  }

  @Test
  void theLowerLevelLastsLongerOnceConfirmed() {
    next(1, true);
    assertThat(turns.lasting()).isEqualTo(1);
    turns.looked(Look.CAPACITY);
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
