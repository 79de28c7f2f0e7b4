package triage.gateway;

import com.fasterxml.jackson.annotation.JsonCreator;
import java.time.Duration;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// How fast callers must send and read: the settings under `server.pace`.
///
/// Only time in which Triage waits for the caller counts: not the time in a queue, at a model, or
/// in which a model server takes no more of the body.
///
/// @param grace how long a body may stay behind `bytesPerSecondMin`; 0 s to 1 h
/// @param bytesPerSecondMin how fast a body must come in, and an answer be read, after that; 1 B to
///     1 GiB
/// @param reads what only reads: status, lists, metadata
/// @param writes what brings a body
/// @param streams streams of tokens or events, and exports
public record PaceSettings(
    Duration grace,
    long bytesPerSecondMin,
    RouteSettings reads,
    RouteSettings writes,
    RouteSettings streams) {
  private static final Duration SHORTEST = Duration.ofMillis(100);
  private static final Duration LONGEST = Duration.ofHours(1);
  private static final int RECORD_BYTES = 16 << 10;

  /// What holds where the settings say nothing.
  public static final PaceSettings DEFAULTS =
      new PaceSettings(
          Duration.ofSeconds(5),
          1024,
          RouteSettings.ofSeconds(15, 120),
          RouteSettings.ofSeconds(15, 75),
          RouteSettings.ofSeconds(60, 75));

  /// Checks the ranges.
  ///
  /// @throws IllegalArgumentException naming the setting, its value and the rule
  public PaceSettings {
    if (grace.isNegative() || grace.compareTo(LONGEST) > 0) {
      throw new IllegalArgumentException("grace: " + grace + " (expected: 0 s to 1 h)");
    }
    if (bytesPerSecondMin < 1 || bytesPerSecondMin > 1 << 30) {
      throw new IllegalArgumentException(
          "bytesPerSecondMin: " + bytesPerSecondMin + " (expected: 1 B to 1 GiB)");
    }
  }

  /// Gives the pace that a settings file describes; what it leaves out has its default.
  @JsonCreator
  public static PaceSettings of(
      @Nullable Duration grace,
      @Nullable Long bytesPerSecondMin,
      @Nullable RouteSettings reads,
      @Nullable RouteSettings writes,
      @Nullable RouteSettings streams) {
    return new PaceSettings(
        grace == null ? DEFAULTS.grace : grace,
        bytesPerSecondMin == null ? DEFAULTS.bytesPerSecondMin : bytesPerSecondMin,
        reads == null ? DEFAULTS.reads : reads.orElse(DEFAULTS.reads),
        writes == null ? DEFAULTS.writes : writes.orElse(DEFAULTS.writes),
        streams == null ? DEFAULTS.streams : streams.orElse(DEFAULTS.streams));
  }

  static void requireWait(String name, Duration value) {
    if (value.compareTo(SHORTEST) < 0 || value.compareTo(LONGEST) > 0) {
      throw new IllegalArgumentException(name + ": " + value + " (expected: 100 ms to 1 h)");
    }
  }

  RouteSettings of(RouteGroup group) {
    return switch (group) {
      case READS -> reads;
      case WRITES -> writes;
      case STREAMS -> streams;
    };
  }

  /// Gives how long a record of TLS may take, in nanoseconds: what is in it is seen when all of it
  /// has come, and it holds 16 KiB.
  long recordNanos() {
    return Math.min(LONGEST.toNanos(), RECORD_BYTES * 1_000_000_000L / bytesPerSecondMin);
  }

  /// Gives how long a connection is kept that serves all kinds of paths at once, in nanoseconds.
  long keepAliveNanos() {
    return longestNanos(RouteSettings::keepAliveNanos);
  }

  /// Gives the longest of all waits, in nanoseconds.
  long longestNanos() {
    long idle = Math.max(recordNanos(), longestNanos(RouteSettings::idleNanos));
    return Math.max(keepAliveNanos(), idle);
  }

  private long longestNanos(ToLongFunction<RouteSettings> wait) {
    return Stream.of(reads, writes, streams).mapToLong(wait).max().orElseThrow();
  }
}
