package triage.simulation;

import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleSupplier;
import triage.admission.Criticality;

/// What is counted of a run: by window of time, by class, by tenant.
///
/// A request that is tried several times arrives once, and is lost if its last try is.
///
/// **Units**: windows are counted from the start of the run; each has [#PARTS] parts; shares are
/// between 0 and 1.
///
/// **Threads**: confined to its simulation.
public final class Score {
  /// What of a run is counted.
  ///
  /// @param windowNanos the length of a window
  /// @param fromNanos what arrives before this moment counts in windows only
  /// @param endNanos the end of the run
  /// @param shortNanos work below this is short, and its times are counted apart
  /// @param earlyNanos when the second begins whose CRITICAL_PLUS arrivals are counted apart
  public record Frame(
      long windowNanos, long fromNanos, long endNanos, long shortNanos, long earlyNanos) {
    /// Gives a frame in which nothing is short, and the first second of the run is looked at.
    public Frame(long windowNanos, long fromNanos, long endNanos) {
      this(windowNanos, fromNanos, endNanos, 0, 0);
    }
  }

  /// Into how many parts a window is cut.
  public static final int PARTS = 8;

  private static final long SECOND_NANOS = 1_000_000_000;
  private static final int RATIOS = 8_000;
  private static final double RATIO_MAX = 8;

  private final Frame frame;
  private final long partNanos;
  private final int[] arrived;
  private final int[] good;
  private final int[] lost;
  private final double[] limits;
  private final DoubleSupplier limit;
  private final long[] classArrived = new long[Criticality.values().length];
  private final long[] classGood = new long[Criticality.values().length];
  private final long[] classShed = new long[Criticality.values().length];
  private final double[] tenantSeconds;
  private final long[] tenantArrived;
  private final int[] ratios = new int[RATIOS + 1];
  private final int[][] tenantRatios;
  private final long[] waitMax;
  private final int[] partArrived;
  private final int[] partGood;
  private final int[][] partDispatched;
  private final Latencies latencies = new Latencies();
  private final Latencies shortLatencies = new Latencies();
  private final Latencies shortHeld = new Latencies();
  private long firstTries;
  private long dispatches;
  private long lastShedNanos = -1;
  private int earlyCritical;
  private int earlyCriticalGood;
  private long late;
  private double lateSeconds;
  private double goodSeconds;
  private int inFlightMax;

  /// Makes an empty score.
  ///
  /// @param streams of the workload
  /// @param limit the policy's limit, sampled at the first event of each window
  public Score(Frame frame, List<Workload.Stream> streams, DoubleSupplier limit) {
    this.frame = frame;
    this.partNanos = Math.max(1, frame.windowNanos / PARTS);
    int windows = window(frame.endNanos) + 1;
    int parts = part(frame.endNanos) + 1;
    this.partArrived = new int[parts];
    this.partGood = new int[parts];
    this.partDispatched = new int[Criticality.values().length][parts];
    this.waitMax = new long[streams.size()];
    this.arrived = new int[windows];
    this.good = new int[windows];
    this.lost = new int[windows];
    this.limits = new double[windows];
    Arrays.fill(limits, Double.NaN);
    this.limit = limit;
    this.tenantSeconds = new double[streams.size()];
    this.tenantArrived = new long[streams.size()];
    this.tenantRatios = new int[streams.size()][];
  }

  void arrived(Arrival arrival, long now) {
    if (arrival.isForeign()) {
      return;
    }
    int window = window(now);
    arrived[window]++;
    partArrived[part(now)]++;
    if (counts(arrival)) {
      firstTries++;
    }
    if (Double.isNaN(limits[window])) {
      limits[window] = limit.getAsDouble();
    }
  }

  void dispatched(Arrival arrival, int inFlight, long now) {
    if (arrival.isForeign()) {
      return;
    }
    partDispatched[arrival.criticality().rank()][part(now)]++;
    if (counts(arrival)) {
      dispatches++;
      inFlightMax = Math.max(inFlightMax, inFlight);
      int stream = arrival.tenantNumber;
      waitMax[stream] = Math.max(waitMax[stream], now - arrival.arrivedNanos);
    }
  }

  /// Notes how a try has ended.
  ///
  /// @param last whether there is no other try
  void ended(Arrival arrival, boolean last, long now) {
    if (arrival.isForeign()) {
      return;
    }
    if (counts(arrival) && arrival.fate == Arrival.Fate.LATE) {
      late++;
      lateSeconds += arrival.workNanos / 1e9;
    }
    if (last) {
      decided(arrival, now);
    }
  }

  private void decided(Arrival arrival, long now) {
    boolean wasGood = arrival.fate == Arrival.Fate.GOOD;
    if (wasGood) {
      good[window(now)]++;
      partGood[part(now)]++;
    } else {
      lost[window(now)]++;
    }
    int rank = arrival.criticality().rank();
    long sinceEarly = arrival.arrivedNanos - frame.earlyNanos;
    if (rank == Criticality.CRITICAL_PLUS.rank() && sinceEarly >= 0 && sinceEarly < SECOND_NANOS) {
      earlyCritical++;
      earlyCriticalGood += wasGood ? 1 : 0;
    }
    if (arrival.fate == Arrival.Fate.SHED) {
      lastShedNanos = now;
    }
    if (!counts(arrival)) {
      return;
    }
    classArrived[rank]++;
    tenantArrived[arrival.tenantNumber]++;
    if (wasGood) {
      classGood[rank]++;
      tenantSeconds[arrival.tenantNumber] += arrival.workNanos / 1e9;
      goodSeconds += arrival.workNanos / 1e9;
    } else if (arrival.fate == Arrival.Fate.SHED) {
      classShed[rank]++;
    }
  }

  /// Notes that a server has finished with what was dispatched, in time or not.
  void finished(Arrival arrival, long now) {
    if (!counts(arrival)) {
      return;
    }
    long nanos = now - arrival.arrivedNanos;
    latencies.add(nanos);
    if (arrival.workNanos < frame.shortNanos) {
      shortLatencies.add(nanos);
      shortHeld.add(now - arrival.dispatchedNanos);
    }
    double ratio = (double) nanos / (arrival.deadlineNanos() - arrival.arrivedNanos);
    int index = (int) Math.min(RATIOS, ratio * RATIOS / RATIO_MAX);
    ratios[index]++;
    int[] own = tenantRatios[arrival.tenantNumber];
    if (own == null) {
      own = new int[RATIOS + 1];
      tenantRatios[arrival.tenantNumber] = own;
    }
    own[index]++;
  }

  private boolean counts(Arrival arrival) {
    return arrival.arrivedNanos >= frame.fromNanos && !arrival.isForeign();
  }

  private int window(long nanos) {
    return (int) (nanos / frame.windowNanos);
  }

  private int part(long nanos) {
    return (int) (nanos / partNanos);
  }

  /// Gives the number of windows.
  public int windows() {
    return good.length;
  }

  /// Gives the length of a window in nanoseconds.
  public long windowNanos() {
    return frame.windowNanos;
  }

  /// Gives how many arrived in a window.
  public int arrivedIn(int window) {
    return arrived[window];
  }

  /// Gives how many were answered in time in a window.
  public int goodIn(int window) {
    return good[window];
  }

  /// Gives how many were lost in a window: shed, late or refused by the server.
  public int lostIn(int window) {
    return lost[window];
  }

  /// Gives the length of a part of a window in nanoseconds.
  public long partNanos() {
    return partNanos;
  }

  /// Gives how many parts of windows there are.
  public int parts() {
    return partGood.length;
  }

  /// Gives how many arrived in a part of a window.
  public int arrivedInPart(int part) {
    return partArrived[part];
  }

  /// Gives how many were answered in time in a part of a window.
  public int goodInPart(int part) {
    return partGood[part];
  }

  /// Gives how many of a class were dispatched in a part of a window.
  public int dispatchedInPart(Criticality criticality, int part) {
    return partDispatched[criticality.rank()][part];
  }

  /// Gives the limit at the start of a window; not a number if nothing arrived in it.
  public double limitIn(int window) {
    return limits[window];
  }

  /// Gives the share of the arrivals of a class that were answered in time; 1 if none arrived.
  public double success(Criticality criticality) {
    long all = classArrived[criticality.rank()];
    return all == 0 ? 1 : (double) classGood[criticality.rank()] / all;
  }

  /// Gives the same of CRITICAL_PLUS that arrived in the second that is looked at.
  public double earlyCriticalSuccess() {
    return earlyCritical == 0 ? 1 : (double) earlyCriticalGood / earlyCritical;
  }

  /// Gives how many of a class were answered in time.
  public long good(Criticality criticality) {
    return classGood[criticality.rank()];
  }

  /// Gives how many of a class arrived, of those whose fate is known.
  public long arrived(Criticality criticality) {
    return classArrived[criticality.rank()];
  }

  /// Gives when a request was shed last; -1 if none was.
  public long lastShedNanos() {
    return lastShedNanos;
  }

  /// Gives the tries that reached the backend, as a multiple of the requests; 0 without any.
  public double attemptsOverRequests() {
    return firstTries == 0 ? 0 : (double) dispatches / firstTries;
  }

  /// Gives the share of all arrivals that were shed.
  public double shedShare() {
    long all = Arrays.stream(classArrived).sum();
    return all == 0 ? 0 : (double) Arrays.stream(classShed).sum() / all;
  }

  /// Gives Jain's index of the work done for some streams, each weighted by what it could use.
  ///
  /// @param from the first stream
  /// @param to the stream after the last
  public double jain(int from, int to) {
    double sum = 0;
    double squares = 0;
    int count = 0;
    for (int i = from; i < to; i++) {
      if (tenantArrived[i] > 0) {
        sum += tenantSeconds[i];
        squares += tenantSeconds[i] * tenantSeconds[i];
        count++;
      }
    }
    return squares == 0 ? 1 : sum * sum / (count * squares);
  }

  /// Gives a quantile of the time from arrival to end over the deadline, of what was dispatched,
  /// whether its caller still waited or not; 8 stands for 8 and more.
  public double overDeadline(double quantile) {
    return quantileOf(ratios, quantile);
  }

  /// Gives the same quantile for some streams together; 0 if none of theirs was dispatched.
  ///
  /// @param from the first stream
  /// @param to the stream after the last
  public double streamsOverDeadline(int from, int to, double quantile) {
    int[] together = new int[RATIOS + 1];
    for (int stream = from; stream < to; stream++) {
      int[] own = tenantRatios[stream];
      for (int i = 0; own != null && i < own.length; i++) {
        together[i] += own[i];
      }
    }
    return quantileOf(together, quantile);
  }

  /// Gives the longest wait at the gate among what was dispatched of some streams, in seconds.
  ///
  /// @param from the first stream
  /// @param to the stream after the last
  public double longestWait(int from, int to) {
    return Arrays.stream(waitMax, from, to).max().orElse(0) / 1e9;
  }

  /// Gives a quantile of the seconds from arrival to end, of what was dispatched; not a number if
  /// nothing was.
  public double latency(double quantile) {
    return latencies.quantile(quantile);
  }

  /// Gives the same for short work.
  public double shortLatency(double quantile) {
    return shortLatencies.quantile(quantile);
  }

  /// Gives a quantile of the seconds from dispatch to end, of short work.
  public double shortHeld(double quantile) {
    return shortHeld.quantile(quantile);
  }

  private static double quantileOf(int[] counts, double quantile) {
    long wanted = (long) Math.ceil(quantile * Arrays.stream(counts).asLongStream().sum());
    long seen = 0;
    for (int i = 0; i < counts.length; i++) {
      seen += counts[i];
      if (seen >= wanted) {
        return RATIO_MAX * i / RATIOS;
      }
    }
    return 0;
  }

  /// Gives the work that was finished too late, as a share of all work finished or late.
  public double wastedShare() {
    return lateSeconds == 0 ? 0 : lateSeconds / (lateSeconds + goodSeconds);
  }

  /// Gives how many were dispatched and not answered in time.
  public long late() {
    return late;
  }

  /// Gives the most that were in flight at once.
  public int inFlightMax() {
    return inFlightMax;
  }
}
