package triage.simulation;

/// A piece of work at a server, by when it is due; those due at once are in the order they came.
///
/// @param dueAt on the server's own scale; whole nanoseconds are exact for a hundred days
/// @param number the order in which they came
/// @param arrival whose work it is
record Work(double dueAt, long number, Arrival arrival) implements Comparable<Work> {
  @Override
  public int compareTo(Work other) {
    int byTime = Double.compare(dueAt, other.dueAt);
    return byTime != 0 ? byTime : Long.compare(number, other.number);
  }
}
