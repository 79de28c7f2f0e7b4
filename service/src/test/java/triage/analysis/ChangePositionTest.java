package triage.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ChangePositionTest {
  @Test
  void readsWhatItWrote() {
    ChangePosition place = new ChangePosition(7_000_000_000L, new UUID(1, 2));

    assertThat(ChangePosition.of(place.toString())).contains(place);
    assertThat(ChangePosition.of("0")).contains(ChangePosition.START);
    assertThat(ChangePosition.START).hasToString("0");
    assertThat(ChangePosition.of(ChangePosition.before(5).toString()))
        .contains(ChangePosition.before(5));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "1",
        "-1-00000000-0000-0000-0000-000000000000",
        "0-00000000-0000-0000-0000-000000000000",
        "01-00000000-0000-0000-0000-000000000000",
        "9999999999999999999-00000000-0000-0000-0000-000000000000",
        "1-00000000-0000-0000-0000-00000000000",
        "1-00000000-0000-0000-0000-000000000000 "
      })
  void readsNothingElse(String text) {
    assertThat(ChangePosition.of(text)).isEmpty();
  }
}
