package triage.analysis;

import java.util.Locale;

/// Where a job stands.
enum JobState {
  /// Worked on by the request that brought it. Callers see it as running.
  ATTACHED,
  /// To be claimed.
  WAITING,
  /// Claimed by an instance.
  RUNNING,
  /// The model answered.
  DONE,
  /// The model refused the content.
  FAILED,
  /// Given up after the last attempt.
  DEAD,
  /// Called off.
  CANCELLED;

  private final String wire = name().toLowerCase(Locale.ROOT);

  /// Gives the name in the store.
  String wire() {
    return wire;
  }

  /// Gives the name that callers read.
  String shown() {
    return this == ATTACHED ? RUNNING.wire : wire;
  }

  /// Tells whether nothing more happens by itself.
  boolean isFinal() {
    return compareTo(DONE) >= 0;
  }

  static JobState of(String wire) {
    return valueOf(wire.toUpperCase(Locale.ROOT));
  }
}
