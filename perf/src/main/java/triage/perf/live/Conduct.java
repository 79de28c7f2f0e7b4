package triage.perf.live;

import java.util.Locale;

/// How a [SlotServer] behaves at present.
///
/// Immutable.
///
/// @param slots how many requests are worked on at once
/// @param serviceNanos the mean time that one takes
/// @param spread how that time varies
/// @param variation the standard deviation as a share of the mean, for [Spread#LOGNORMAL]
/// @param fault what is wrong with it
/// @param faultShare of the answers that are an error, a refusal, a reset or cut off, 0 to 1; for
///     [Fault#SLOW], by how many times the service takes longer
/// @param utilization how much of it is in use, 0 to 1, as it says to who asks; -1: it says nothing
public record Conduct(
    int slots,
    long serviceNanos,
    Spread spread,
    double variation,
    Fault fault,
    double faultShare,
    double utilization) {

  /// How service times vary.
  public enum Spread {
    /// Not at all.
    CONSTANT,
    /// As those of a process without memory.
    EXPONENTIAL,
    /// With a long tail, as most real ones.
    LOGNORMAL
  }

  /// What can be wrong.
  public enum Fault {
    /// Nothing.
    NONE,
    /// Time stands still: requests are taken, and nothing is answered.
    HANG,
    /// Some answers are a 500.
    ERROR,
    /// Some answers are a 503.
    REFUSE,
    /// Some answers are a reset connection.
    RESET,
    /// Some answers break off halfway.
    CUT,
    /// Service takes longer.
    SLOW
  }

  /// Checks every figure.
  public Conduct {
    require("slots", slots >= 1 && slots <= 10_000, slots, "1 to 10000");
    require(
        "service-nanos",
        serviceNanos >= 0 && serviceNanos <= 600_000_000_000L,
        serviceNanos,
        "0 to 600000000000");
    require("variation", variation >= 0 && variation <= 10, variation, "0 to 10");
    boolean slow = fault == Fault.SLOW;
    require(
        "fault-share",
        faultShare >= 0 && faultShare <= (slow ? 1000 : 1),
        faultShare,
        slow ? "0 to 1000" : "0 to 1");
    require(
        "utilization",
        utilization == -1 || (utilization >= 0 && utilization <= 1),
        utilization,
        "0 to 1, or -1");
  }

  private static void require(String name, boolean holds, Object value, String rule) {
    if (!holds) {
      throw new IllegalArgumentException(name + ": " + value + " (expected: " + rule + ")");
    }
  }

  /// Gives this conduct with what the options name changed.
  Conduct with(Options options) {
    return new Conduct(
        options.count("slots", slots),
        options.whole("service-nanos", serviceNanos),
        Spread.valueOf(constant(options.text("spread", spread.name()))),
        options.number("variation", variation),
        Fault.valueOf(constant(options.text("fault", fault.name()))),
        options.number("fault-share", faultShare),
        options.number("utilization", utilization));
  }

  private static String constant(String text) {
    return text.toUpperCase(Locale.ROOT);
  }
}
