package triage.backend;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SelectorTurnTest {
  private final List<Runnable> elsewhere = new ArrayList<>();
  private final SelectorTurn turn = new SelectorTurn(elsewhere::add);
  private int demanded;

  @Test
  void endsWithSoManyBytes() {
    for (int round = 1; round <= 3; round++) {
      turn.next(SelectorTurn.BYTES_MAX - 1, this::demand);
      assertThat(demanded).isEqualTo(1);
      turn.next(1, this::demand);
      assertThat(demanded).isEqualTo(1);
      assertThat(elsewhere).hasSize(round);
      elsewhere.getLast().run();
      assertThat(demanded).isEqualTo(2);
      demanded = 0;
    }
  }

  @Test
  void endsWithSoManyPartsHoweverSmall() {
    for (int part = 1; part < SelectorTurn.PARTS_MAX; part++) {
      turn.next(1, this::demand);
      assertThat(demanded).isEqualTo(part);
    }
    turn.next(1, this::demand);
    assertThat(elsewhere).hasSize(1);
    turn.next(1, this::demand);
    assertThat(elsewhere).hasSize(1);
    assertThat(demanded).isEqualTo(SelectorTurn.PARTS_MAX);
  }

  private void demand() {
    demanded++;
  }
}
