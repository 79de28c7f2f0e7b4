package triage.store;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class ServerAddressTest {
  private static final ServerAddress ADDRESS =
      new ServerAddress("jdbc:postgresql://db:5432/triage", "owner", "let me in");

  @Test
  void refusesAServerThatIsTooOld() {
    assertThatThrownBy(() -> ADDRESS.requireVersion(13))
        .isInstanceOf(StoreException.class)
        .hasMessage(
            "store.url: owner at jdbc:postgresql://db:5432/triage is PostgreSQL 13"
                + " (expected: version 14 or later)");
    assertThatCode(() -> ADDRESS.requireVersion(14)).doesNotThrowAnyException();
  }
}
