package triage.pressure;

/// What is measured, and the value at which it is too much.
///
/// **Threads**: immutable.
public enum Signal {
  /// How late virtual threads start, in seconds: 90 of 100 start sooner. Carriers that are all busy
  /// show here first.
  START_DELAY("start-delay", 0.040),
  /// How late the server's selectors come round to new connections and requests, in seconds, as
  /// [#START_DELAY].
  ACCEPT_AGE("accept-age", 0.040),
  /// CPU time of the cgroup, as a share of its quota; without a quota, of the machine.
  CPU_USAGE("cpu-usage", 0.90),
  /// The share of time for which the cgroup was throttled.
  CPU_THROTTLED("cpu-throttled", 0.05),
  /// The share of time in which some task waited for a CPU (pressure stall information). Without a
  /// [Shortage] it has no say.
  CPU_STALL("cpu-stall", 0.20),
  /// The share of time in which collections stopped the program.
  GC_SHARE("gc-share", 0.15),
  /// What the last collection left in the heap, as a share of its largest size.
  HEAP("heap", 0.90);

  private final String wire;
  private final double setPoint;

  Signal(String wire, double setPoint) {
    this.wire = wire;
    this.setPoint = setPoint;
  }

  /// Tells whether it is the CPU that runs short where this signal is high. Others may use it, too.
  boolean isOfProcessors() {
    return this != GC_SHARE && this != HEAP;
  }

  /// Gives the name in metrics and logs.
  public String wire() {
    return wire;
  }

  /// Gives the value at which the pressure of this signal is 1.
  public double setPoint() {
    return setPoint;
  }
}
