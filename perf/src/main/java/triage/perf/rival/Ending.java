package triage.perf.rival;

/// How a dispatched request ended. Immutable.
public enum Ending {
  /// It was answered in time.
  SUCCESS,
  /// Its deadline passed, or the backend said that it is overloaded.
  DROPPED,
  /// The backend answered with an error.
  FAILED,
  /// It says nothing about the backend: the client went away.
  IGNORED
}
