package triage.gateway;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.jspecify.annotations.Nullable;
import triage.admission.Reason;

/// A stream of server-sent events that is relayed: whether it stands between two events, so that an
/// event of Triage's own can be set apart from what was relayed.
///
/// **Source**: HTML Living Standard, section 9.2.6, "Interpreting an event stream".
///
/// **Threads**: used by one at a time, each seeing what the last one left.
final class EventStream {
  private static final int LINE_FEED = '\n';
  private static final int CARRIAGE_RETURN = '\r';
  private static final int LAST_TWO = 0xFFFF;
  private static final int LAST_THREE = 0xFFFFFF;

  /// The last bytes that passed, the latest lowest; at first as after an event.
  private int last = LINE_FEED << 8 | LINE_FEED;

  private EventStream() {}

  /// Gives the stream that an answer with these headers holds, or `null` if it holds none that an
  /// event could be added to.
  static @Nullable EventStream of(HttpFields headers) {
    String type = headers.get(HttpHeader.CONTENT_TYPE);
    boolean events = type != null && type.toLowerCase(Locale.ROOT).startsWith("text/event-stream");
    boolean bounded =
        headers.contains(HttpHeader.CONTENT_ENCODING)
            || headers.contains(HttpHeader.CONTENT_LENGTH);
    return events && !bounded ? new EventStream() : null;
  }

  /// Notes what is relayed; the buffer is left as it is.
  void passed(ByteBuffer bytes) {
    for (int i = Math.max(bytes.position(), bytes.limit() - 3); i < bytes.limit(); i++) {
      last = last << 8 | (bytes.get(i) & 0xFF);
    }
  }

  /// Tells whether the last event is complete, so that a new one may begin.
  boolean isBetweenEvents() {
    int two = last & LAST_TWO;
    return two == (LINE_FEED << 8 | LINE_FEED)
        || two == (CARRIAGE_RETURN << 8 | CARRIAGE_RETURN)
        || (last & LAST_THREE) == (LINE_FEED << 16 | CARRIAGE_RETURN << 8 | LINE_FEED);
  }

  /// Gives the event that tells a reader that the rest will not come. An event that was broken off
  /// is ended first, as well as can be.
  byte[] brokenOff() {
    Refusal refusal =
        new Refusal(
            503,
            Reason.NO_BACKEND.wire(),
            0,
            "the model server broke off in the middle of its answer; ask again");
    String error = new String(Dialect.OPENAI.body(refusal), StandardCharsets.UTF_8);
    String event = (isBetweenEvents() ? "" : "\n\n") + "data: " + error + "\n\n";
    return event.getBytes(StandardCharsets.UTF_8);
  }
}
