package triage.pressure;

import java.util.OptionalDouble;

/// Measures one [Signal].
///
/// **Threads**: confined to the thread that samples.
@FunctionalInterface
public interface Sensor {

  /// Gives the value now, or nothing where it cannot be known: never zero instead.
  ///
  /// @param nowNanos the time, by the clock of all sensors
  OptionalDouble read(long nowNanos);
}
