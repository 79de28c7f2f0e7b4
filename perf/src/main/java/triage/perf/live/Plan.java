package triage.perf.live;

import java.net.InetSocketAddress;
import java.util.List;

/// What a run sends where, and for how long.
///
/// Immutable.
///
/// @param target the server, on loopback
/// @param path of the requests
/// @param analysis for which model requests are analyses for later, in place of `path`; empty if
///     they are not
/// @param token that callers show, or an empty string
/// @param caFile the certificates to believe, in PEM, where the server speaks TLS; empty in the
///     clear
/// @param classes what is sent, all at once
/// @param seed of every arrival
/// @param warmUpSeconds before the first section, over which rates grow; not in the results
/// @param sectionSeconds the lengths of the parts of the run that are reported apart
/// @param connectionsMax how many connections may be open at once
/// @param pieceNanos how long the generator sleeps at least while something is due within a
///     millisecond: what it sees and sends may be as much late
public record Plan(
    InetSocketAddress target,
    String path,
    String analysis,
    String token,
    String caFile,
    List<Traffic> classes,
    long seed,
    int warmUpSeconds,
    List<Integer> sectionSeconds,
    int connectionsMax,
    long pieceNanos) {
  private static final long SECOND_NANOS = 1_000_000_000;
  private static final int SECONDS_MAX = 3600;

  /// Checks every figure.
  public Plan {
    classes = List.copyOf(classes);
    sectionSeconds = List.copyOf(sectionSeconds);
    require("target", target.getAddress().isLoopbackAddress(), target, "on loopback");
    require("path", path.startsWith("/"), path, "a path");
    require("analysis", analysis.matches("[a-z-]*"), analysis, "the name of a model");
    require("class", !classes.isEmpty() && classes.size() <= 16, classes.size(), "1 to 16");
    require(
        "sections",
        !sectionSeconds.isEmpty() && sectionSeconds.stream().allMatch(length -> length > 0),
        sectionSeconds,
        "one or more, each >= 1");
    int total = warmUpSeconds + sectionSeconds.stream().mapToInt(Integer::intValue).sum();
    require("warm-up", warmUpSeconds >= 0, warmUpSeconds, ">= 0");
    require("seconds", total <= SECONDS_MAX, total, "<= " + SECONDS_MAX);
    require(
        "connections",
        connectionsMax >= 1 && connectionsMax <= 15_000,
        connectionsMax,
        "1 to 15000");
    require(
        "piece", pieceNanos >= 10_000 && pieceNanos <= 1_000_000, pieceNanos, "10 us to 1000 us");
  }

  /// Gives the bytes of each request of a class.
  byte[] request(Traffic traffic, String host) {
    return analysis.isEmpty()
        ? traffic.request(host, path, token)
        : traffic.analysis(host, analysis, token);
  }

  private static void require(String name, boolean holds, Object value, String rule) {
    if (!holds) {
      throw new IllegalArgumentException(name + ": " + value + " (expected: " + rule + ")");
    }
  }

  /// Gives the length of the run, warm-up included.
  public int totalSeconds() {
    return warmUpSeconds + sectionSeconds.stream().mapToInt(Integer::intValue).sum();
  }

  /// Gives the number of the section at a time of the run; -1 before the first and after the last.
  int sectionAt(long nanos) {
    long end = warmUpSeconds * SECOND_NANOS;
    if (nanos < end) {
      return -1;
    }
    for (int section = 0; section < sectionSeconds.size(); section++) {
      end += sectionSeconds.get(section) * SECOND_NANOS;
      if (nanos < end) {
        return section;
      }
    }
    return -1;
  }
}
