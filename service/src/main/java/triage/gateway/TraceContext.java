package triage.gateway;

import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The W3C trace context that a caller may send.
///
/// **Source**: W3C Trace Context, section 3.2.
///
/// **Threads**: no state.
final class TraceContext {
  private static final Pattern TRACEPARENT =
      Pattern.compile(
          "(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}.*");

  private TraceContext() {}

  /// Gives the trace's id, or `null` where the header is absent or malformed.
  static @Nullable String traceId(@Nullable String traceparent) {
    if (traceparent == null
        || traceparent.length() > 256
        || !TRACEPARENT.matcher(traceparent).matches()) {
      return null;
    }
    return traceparent.substring(3, 35);
  }
}
