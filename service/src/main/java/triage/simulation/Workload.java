package triage.simulation;

import java.util.List;
import triage.admission.Criticality;

/// What arrives at a simulated gate.
///
/// @param arrivals when they come
/// @param work how long a free slot takes for one
/// @param deadline how long its caller waits
/// @param streams who sends, and the share of each in the arrivals
public record Workload(Arrivals arrivals, Draw work, Draw deadline, List<Stream> streams) {
  /// The rate of the arrivals.
  @FunctionalInterface
  public interface Arrivals {
    /// Gives arrivals per second.
    double perSecond(double seconds);
  }

  /// A number drawn for each arrival.
  @FunctionalInterface
  public interface Draw {
    /// Draws a number of seconds.
    double seconds(Chance chance, double atSeconds);
  }

  /// One tenant's arrivals of one class.
  ///
  /// @param tenant its name
  /// @param criticality the class
  /// @param share of all arrivals; shares add up to 1
  /// @param workFactor how much more one of its requests costs than another's
  public record Stream(String tenant, Criticality criticality, double share, double workFactor) {}

  /// Copies the list.
  public Workload {
    streams = List.copyOf(streams);
  }
}
