package triage.gateway;

import com.fasterxml.jackson.annotation.JsonCreator;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// How many connections there may be, and what may come on one: the settings under
/// `server.connections`. They hold at the callers' port.
///
/// @param max how many connections there may be; 1 to 1,000,000
/// @param perAddressMax how many of them from one address (IPv6: from one /64); 1 to 1,000,000
/// @param headerTimeout how long request line and headers may take to come, from the connection's
///     opening or from the first byte of a later request; 100 ms to 1 h
/// @param headerBytesMax how long request line and headers may be together; 1 KiB to 1 MiB
/// @param bodyBytesMax how long any body may be, whatever the path; 1 KiB to 1 TiB
public record ConnectionSettings(
    int max, int perAddressMax, Duration headerTimeout, long headerBytesMax, long bodyBytesMax) {
  private static final int MOST = 1_000_000;

  /// What holds where the settings say nothing: no address can take more than half of the room.
  public static final ConnectionSettings DEFAULTS =
      new ConnectionSettings(20_000, 10_000, Duration.ofSeconds(10), 16 << 10, 1 << 30);

  /// Checks the ranges.
  ///
  /// @throws IllegalArgumentException naming the setting, its value and the rule
  public ConnectionSettings {
    require(max >= 1 && max <= MOST, "max", max, "1 to 1,000,000");
    require(
        perAddressMax >= 1 && perAddressMax <= MOST,
        "perAddressMax",
        perAddressMax,
        "1 to 1,000,000");
    PaceSettings.requireWait("headerTimeout", headerTimeout);
    require(
        headerBytesMax >= 1 << 10 && headerBytesMax <= 1 << 20,
        "headerBytesMax",
        headerBytesMax,
        "1 KiB to 1 MiB");
    require(
        bodyBytesMax >= 1 << 10 && bodyBytesMax <= 1L << 40,
        "bodyBytesMax",
        bodyBytesMax,
        "1 KiB to 1 TiB");
  }

  private static void require(boolean holds, String name, long value, String rule) {
    if (!holds) {
      throw new IllegalArgumentException(name + ": " + value + " (expected: " + rule + ")");
    }
  }

  /// Gives the settings that a file describes; what it leaves out has its default.
  @JsonCreator
  public static ConnectionSettings of(
      @Nullable Integer max,
      @Nullable Integer perAddressMax,
      @Nullable Duration headerTimeout,
      @Nullable Long headerBytesMax,
      @Nullable Long bodyBytesMax) {
    return new ConnectionSettings(
        max == null ? DEFAULTS.max : max,
        perAddressMax == null ? DEFAULTS.perAddressMax : perAddressMax,
        headerTimeout == null ? DEFAULTS.headerTimeout : headerTimeout,
        headerBytesMax == null ? DEFAULTS.headerBytesMax : headerBytesMax,
        bodyBytesMax == null ? DEFAULTS.bodyBytesMax : bodyBytesMax);
  }
}
