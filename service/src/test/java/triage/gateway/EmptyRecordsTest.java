package triage.gateway;

import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.Test;

final class EmptyRecordsTest {
  private final EmptyRecords records = new EmptyRecords();

  @Test
  void endsWhoSendsNothingElse() throws Exception {
    for (int i = 0; i < EmptyRecords.IN_A_ROW_MAX; i++) {
      records.note(record(29, 0));
    }

    assertThatExceptionOfType(SSLException.class)
        .isThrownBy(() -> records.note(record(29, 0)))
        .withMessageStartingWith("records without content: more than 32");
  }

  @Test
  void letsOneBeforeEachWithContentPassAndWaitsForMore() throws Exception {
    for (int i = 0; i < 1_000; i++) {
      records.note(record(29, 0));
      records.note(record(0, 0)); // Not all of a record is there yet.
      records.note(record(129, 100));
    }
  }

  private static SSLEngineResult record(int consumed, int produced) {
    return new SSLEngineResult(
        SSLEngineResult.Status.OK,
        SSLEngineResult.HandshakeStatus.NOT_HANDSHAKING,
        consumed,
        produced);
  }
}
