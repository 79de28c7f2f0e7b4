package triage.perf.live;

import java.nio.charset.StandardCharsets;
import java.util.Locale;

/// One class of requests: how many, how urgent, and how patient.
///
/// Immutable.
///
/// @param name by which results tell it from others
/// @param path where it is sent; empty: where the plan says
/// @param ratePerSecond requests a second that come whatever the server does, or 0
/// @param callers without a rate: how many send the next request once the last has ended
/// @param urgency the `u` of the header `Priority`, 0 to 7
/// @param timeoutNanos the header `Request-Timeout`; an answer after it is late
/// @param graceNanos how much longer the connection stays open for an answer
/// @param bodyBytes the size of the body: 0 for none, else at least that of the smallest inference
public record Traffic(
    String name,
    String path,
    double ratePerSecond,
    int callers,
    int urgency,
    long timeoutNanos,
    long graceNanos,
    int bodyBytes) {
  private static final long GOLDEN_RATIO = 0x9E3779B97F4A7C15L;
  private static final String INFERENCE =
      "{\"inputs\":[{\"name\":\"x\",\"shape\":[1,1],\"datatype\":\"FP64\",\"data\":[0.5]}]}";

  /// Checks every figure.
  public Traffic {
    require("name", !name.isEmpty() && name.matches("[a-zA-Z0-9_-]+"), name, "letters and digits");
    require("path", path.isEmpty() || path.startsWith("/"), path, "a path");
    require("rate", ratePerSecond >= 0 && ratePerSecond <= 1e6, ratePerSecond, "0 to 1000000");
    require("callers", callers >= 0 && callers <= 10_000, callers, "0 to 10000");
    require("rate, callers", ratePerSecond > 0 ^ callers > 0, callers, "either of them");
    require("urgency", urgency >= 0 && urgency <= 7, urgency, "0 to 7");
    require("timeout", timeoutNanos > 0, timeoutNanos, "> 0");
    require("grace", graceNanos >= 0, graceNanos, ">= 0");
    require("body", bodyBytes >= 0 && bodyBytes <= 16 << 20, bodyBytes, "0 to 16 MiB");
  }

  private static void require(String name, boolean holds, Object value, String rule) {
    if (!holds) {
      throw new IllegalArgumentException(name + ": " + value + " (expected: " + rule + ")");
    }
  }

  /// Gives how long an answer is waited for, from the intended arrival.
  public long limitNanos() {
    return timeoutNanos + graceNanos;
  }

  /// Gives the arrivals of this class.
  ///
  /// @param rampNanos over which a rate grows to its full size
  Arrivals arrivals(long seed, long rampNanos) {
    if (callers > 0) {
      return new ClosedArrivals(callers);
    }
    // Classes of one seed are told apart by their names.
    return new PoissonArrivals(seed ^ name.hashCode() * GOLDEN_RATIO, ratePerSecond, rampNanos);
  }

  /// Gives the bytes of a request, the same for every request of this class.
  ///
  /// @param usual the path, where this class has none of its own
  /// @param token what the caller shows, or an empty string
  byte[] request(String host, String usual, String token) {
    return request(host, path.isEmpty() ? usual : path, token, "", body());
  }

  /// Gives the bytes of a request that submits the same inference as an analysis for later.
  ///
  /// @param model its name
  byte[] analysis(String host, String model, String token) {
    String body = "{\"model\":\"" + model + "\",\"study\":\"S-1\",\"input\":" + body() + "}";
    return request(host, "/api/v1/analyses", token, "Prefer: respond-async\r\n", body);
  }

  private String body() {
    return bodyBytes == 0
        ? ""
        : INFERENCE + " ".repeat(Math.max(0, bodyBytes - INFERENCE.length()));
  }

  private byte[] request(String host, String where, String token, String more, String body) {
    String authorization = token.isEmpty() ? "" : "Authorization: Bearer " + token + "\r\n";
    String head =
        String.format(
            Locale.ROOT,
            "POST %s HTTP/1.1\r\nHost: %s\r\n%s%sPriority: u=%d\r\nRequest-Timeout: %.3f\r\n"
                + "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n",
            where,
            host,
            authorization,
            more,
            urgency,
            timeoutNanos / 1e9,
            body.length());
    return (head + body).getBytes(StandardCharsets.US_ASCII);
  }
}
