package triage.simulation;

import java.util.List;
import triage.admission.Criticality;

/// What arrives at a simulated gate.
///
/// @param arrivals when they come
/// @param work how long a free slot takes for one
/// @param deadline how long its caller waits
/// @param streams who sends, and the share of each in the arrivals
/// @param retries how callers try again
public record Workload(
    Arrivals arrivals, Draw work, Draw deadline, List<Stream> streams, Retries retries) {
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
  /// @param fromSeconds when it begins; its share of the arrivals is missing until then
  public record Stream(
      String tenant, Criticality criticality, double share, double workFactor, double fromSeconds) {
    /// Gives a stream that is there from the beginning.
    public Stream(String tenant, Criticality criticality, double share, double workFactor) {
      this(tenant, criticality, share, workFactor, 0);
    }
  }

  /// Gives a workload in which nobody tries again.
  public Workload(Arrivals arrivals, Draw work, Draw deadline, List<Stream> streams) {
    this(arrivals, work, deadline, streams, Retries.NONE);
  }

  /// Copies the list.
  public Workload {
    streams = List.copyOf(streams);
  }
}
