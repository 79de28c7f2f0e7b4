package triage.backend;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HttpClientsTest {
  @ParameterizedTest
  @CsvSource({
    "false,  1, 1",
    "false, 2, 1",
    "false, 4, 2",
    "false, 64, 2",
    "true,   1, 2",
    "true,  2, 2",
    "true, 64, 2",
  })
  void hasFewThreadsSelectForAClient(boolean secure, int processors, int selectors) {
    assertThat(HttpClients.selectors(secure, processors)).isEqualTo(selectors);
  }
}
