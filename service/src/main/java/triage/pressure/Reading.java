package triage.pressure;

import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import java.util.OptionalDouble;

/// What was found at one moment.
///
/// **Threads**: immutable.
///
/// @param signals the values of the signals that are there; the others are absent
/// @param pressure the greatest of the signals, each as a share of its set point, smoothed: above 1
///     is too much
/// @param shedFraction the share of arrivals that is to be shed, 0 to 0.98
/// @param ownShare this process's part of the CPU in use; nothing where it cannot be known
/// @param reach the largest share of arrivals that it may help to shed
public record Reading(
    Map<Signal, Double> signals,
    double pressure,
    double shedFraction,
    OptionalDouble ownShare,
    double reach) {
  /// What holds before anything was read.
  static final Reading NONE =
      new Reading(Map.of(), 0, 0, OptionalDouble.empty(), ShedController.FRACTION_MAX);

  /// Copies the map and checks the ranges.
  ///
  /// @throws IllegalArgumentException naming the value and the rule
  public Reading {
    Map<Signal, Double> copy = new EnumMap<>(Signal.class);
    copy.putAll(signals);
    signals = Collections.unmodifiableMap(copy);
    if (!(pressure >= 0)) {
      throw new IllegalArgumentException("pressure: " + pressure + " (expected: >= 0)");
    }
    if (!(shedFraction >= 0 && shedFraction <= 1)) {
      throw new IllegalArgumentException("shedFraction: " + shedFraction + " (expected: 0 to 1)");
    }
  }
}
