package triage.perf.live;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/// What a [SlotServer] says, ready to be sent.
///
/// Immutable as long as nobody moves a buffer's own position.
final class CannedAnswers {
  /// The result of every inference.
  static final ByteBuffer INFERENCE = inference("");

  /// That it lives, and is ready.
  static final ByteBuffer READY = answer("200 OK", "{\"ready\":true,\"live\":true}");

  /// What goes into the model and what comes out.
  static final ByteBuffer METADATA =
      answer(
          "200 OK",
          """
          {"name":"slots","versions":["1"],"platform":"slots",\
          "inputs":[{"name":"x","datatype":"FP64","shape":[-1,1]}],\
          "outputs":[{"name":"y","datatype":"FP64","shape":[-1,1]}]}\
          """);

  /// That there is too much to do.
  static final ByteBuffer REFUSED =
      answer("503 Service Unavailable", "{\"error\":\"as was asked for\"}");

  /// An error that was asked for.
  static final ByteBuffer FAILED =
      answer("500 Internal Server Error", "{\"error\":\"as was asked for\"}");

  /// All of a result but its last bytes.
  static final ByteBuffer HALF = INFERENCE.slice(0, INFERENCE.limit() - 20);

  private static final ByteBuffer UNKNOWN =
      answer("404 Not Found", "{\"error\":\"expected: a path of the protocol\"}");

  private CannedAnswers() {}

  /// Gives the result of every inference, with an ORCA report of how much of the server is in use.
  static ByteBuffer reporting(double utilization) {
    return inference("\r\nendpoint-load-metrics: TEXT application_utilization=" + utilization);
  }

  private static ByteBuffer inference(String fields) {
    return answer(
        "200 OK" + fields,
        """
        {"model_name":"slots","model_version":"1","outputs":[\
        {"name":"y","datatype":"FP64","shape":[1,1],"data":[0.5]}]}\
        """);
  }

  /// Gives the answer to a request that is no inference.
  static ByteBuffer to(String startLine) {
    if (!startLine.startsWith("GET /v2")) {
      return UNKNOWN;
    }
    boolean metadata = startLine.contains("/models/") && !startLine.contains("/ready");
    return metadata ? METADATA : READY;
  }

  private static ByteBuffer answer(String status, String body) {
    String head = "HTTP/1.1 " + status + "\r\nContent-Type: application/json\r\nContent-Length: ";
    byte[] bytes = (head + body.length() + "\r\n\r\n" + body).getBytes(StandardCharsets.US_ASCII);
    return ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
  }
}
