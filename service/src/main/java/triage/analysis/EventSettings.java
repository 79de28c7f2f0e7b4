package triage.analysis;

import com.fasterxml.jackson.annotation.JsonCreator;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// How streams of events about jobs are kept: the settings under the key `analysis.events`.
///
/// **Threads**: immutable.
///
/// @param streamsMax how many streams this instance holds; 1 to 100,000, default 512
/// @param perCallerMax how many of them are one caller's; 1 to 100,000, default 16
/// @param heartbeat after how long without an event a comment is sent; 100 ms to 5 min, default
///   15 s
public record EventSettings(int streamsMax, int perCallerMax, Duration heartbeat) {
  private static final int MOST = 100_000;
  private static final Duration SHORTEST = Duration.ofMillis(100);
  private static final Duration LONGEST = Duration.ofMinutes(5);

  /// What holds where the settings say nothing.
  public static final EventSettings DEFAULTS = new EventSettings(512, 16, Duration.ofSeconds(15));

  /// Checks the ranges.
  ///
  /// @throws IllegalArgumentException naming the setting, its value and the rule
  public EventSettings {
    requireCount("streamsMax", streamsMax);
    requireCount("perCallerMax", perCallerMax);
    if (heartbeat.compareTo(SHORTEST) < 0 || heartbeat.compareTo(LONGEST) > 0) {
      throw new IllegalArgumentException("heartbeat: " + heartbeat + " (expected: 100ms to 5m)");
    }
  }

  /// Gives the settings that a file describes; what it leaves out has its default.
  @JsonCreator
  public static EventSettings of(
      @Nullable Integer streamsMax, @Nullable Integer perCallerMax, @Nullable Duration heartbeat) {
    return new EventSettings(
        streamsMax == null ? DEFAULTS.streamsMax : streamsMax,
        perCallerMax == null ? DEFAULTS.perCallerMax : perCallerMax,
        heartbeat == null ? DEFAULTS.heartbeat : heartbeat);
  }

  private static void requireCount(String name, int value) {
    if (value < 1 || value > MOST) {
      throw new IllegalArgumentException(name + ": " + value + " (expected: 1 to " + MOST + ")");
    }
  }
}
