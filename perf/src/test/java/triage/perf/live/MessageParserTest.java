package triage.perf.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Messages in whatever pieces they come.
class MessageParserTest {
  private static final String SHED =
      "HTTP/1.1 429 Too Many Requests\r\nContent-Type: application/json\r\n"
          + "triage-REASON:  shed-priority\r\nContent-Length: 5\r\n\r\n12345";
  private static final String CHUNKED =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
          + "5;note=x\r\nHTTP/\r\nA\r\n0\r\n\r\n456789\r\n0\r\nTrailer: yes\r\n\r\n";
  private static final String NO_BODY = "HTTP/1.1 204 No Content\r\nConnection: Close\r\n\r\n";
  private static final String EMPTY = "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n";
  private static final String INTERIM =
      "HTTP/1.1 100 Continue\r\nTriage-Reason: none\r\n\r\n" + EMPTY;

  private final MessageParser responses = MessageParser.ofResponses();

  private static Stream<String> wholeResponses() {
    return Stream.of(SHED, CHUNKED, NO_BODY, EMPTY, INTERIM);
  }

  @ParameterizedTest
  @MethodSource("wholeResponses")
  void aResponseEndsAtItsLastByteWhereverItIsSplit(String text) throws Exception {
    for (int first = 0; first < text.length(); first++) {
      for (int second = first; second < text.length(); second++) {
        responses.begin();
        assertThat(responses.parse(bytes(text.substring(0, first)))).isFalse();
        assertThat(responses.parse(bytes(text.substring(first, second)))).isFalse();
        assertThat(responses.parse(bytes(text.substring(second)))).isTrue();
      }
    }
  }

  @ParameterizedTest
  @MethodSource("wholeResponses")
  void whatComesBehindAResponseStays(String text) throws Exception {
    ByteBuffer both = bytes(text + "HTTP");

    assertThat(responses.parse(both)).isTrue();
    assertThat(both.remaining()).isEqualTo(4);
  }

  @Test
  void statusReasonAndWhetherItLastsAreKept() throws Exception {
    responses.parse(bytes(SHED));
    assertThat(responses.status()).isEqualTo(429);
    assertThat(responses.reason()).isEqualTo("shed-priority");
    assertThat(responses.lasting()).isTrue();

    responses.begin();
    responses.parse(bytes(NO_BODY));
    assertThat(responses.status()).isEqualTo(204);
    assertThat(responses.reason()).isEmpty();
    assertThat(responses.lasting()).isFalse();

    responses.begin();
    responses.parse(bytes(INTERIM));
    assertThat(responses.status()).isEqualTo(503);
    assertThat(responses.reason()).isEmpty();
    assertThat(responses.lasting()).isTrue();
  }

  @Test
  void aResponseWithoutALengthEndsWithTheConnection() throws Exception {
    assertThat(responses.parse(bytes("HTTP/1.1 200 OK\r\n\r\nuntil"))).isFalse();
    assertThat(responses.endsHere()).isTrue();
    assertThat(responses.lasting()).isFalse();

    responses.begin();
    assertThat(responses.parse(bytes("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nuntil")))
        .isFalse();
    assertThat(responses.endsHere()).isFalse();
  }

  @Test
  void aRequestWithoutALengthHasNoBody() throws Exception {
    MessageParser requests = MessageParser.ofRequests();

    assertThat(requests.parse(bytes("\r\nGET /v2 HTTP/1.1\r\nHost: a\r\n\r\n"))).isTrue();
    assertThat(requests.startLine()).isEqualTo("GET /v2 HTTP/1.1");
    requests.begin();
    assertThat(requests.parse(bytes("POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n1"))).isFalse();
    assertThat(requests.parse(bytes("2"))).isTrue();
  }

  @Test
  void aRequestAsksForTheServersLoadOrDoesNot() throws Exception {
    MessageParser requests = MessageParser.ofRequests();

    requests.parse(bytes("GET / HTTP/1.1\r\nendpoint-load-metrics-format: text\r\n\r\n"));
    assertThat(requests.asksForLoad()).isTrue();
    requests.begin();
    requests.parse(bytes("GET / HTTP/1.1\r\nendpoint-load-metrics-format: json\r\n\r\n"));
    assertThat(requests.asksForLoad()).isFalse();
    requests.begin();
    requests.parse(bytes("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    assertThat(requests.asksForLoad()).isFalse();
  }

  @Test
  void whatIsNoMessageIsSaidToBeNone() {
    refuses("not http at all\r\n");
    refuses("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n");
    refuses("HTTP/1.1 200 OK\r\nContent-Length: 9999999999999999\r\n\r\n");
    refuses("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n");
    refuses("HTTP/1.1 200 " + "O".repeat(10_000));
    refuses("HTTP/1.1 200 OK\r\n" + "A: b\r\n".repeat(1000));
  }

  private void refuses(String text) {
    responses.begin();
    assertThatExceptionOfType(MessageParser.MalformedException.class)
        .isThrownBy(() -> responses.parse(bytes(text)));
  }

  private static ByteBuffer bytes(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
  }
}
