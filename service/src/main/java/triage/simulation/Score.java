package triage.simulation;

import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleSupplier;
import triage.admission.Criticality;

/// What is counted of a run: by window of time, by class, by tenant.
///
/// **Units**: windows are counted from the start of the run; shares are between 0 and 1.
///
/// **Threads**: confined to its simulation.
public final class Score {
  private static final int RATIOS = 8_000;
  private static final double RATIO_MAX = 8;

  private final long windowNanos;
  private final long fromNanos;
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
  private final long[] tenantGood;
  private final int[] ratios = new int[RATIOS + 1];
  private final int[][] tenantRatios;
  private long late;
  private double lateSeconds;
  private double goodSeconds;
  private int inFlightMax;

  /// Makes an empty score.
  ///
  /// @param windowNanos the length of a window
  /// @param fromNanos what arrives before this moment counts in windows only
  /// @param endNanos the end of the run
  /// @param streams of the workload
  /// @param limit the policy's limit, sampled at the first event of each window
  public Score(
      long windowNanos,
      long fromNanos,
      long endNanos,
      List<Workload.Stream> streams,
      DoubleSupplier limit) {
    this.windowNanos = windowNanos;
    this.fromNanos = fromNanos;
    int windows = (int) (endNanos / windowNanos) + 1;
    this.arrived = new int[windows];
    this.good = new int[windows];
    this.lost = new int[windows];
    this.limits = new double[windows];
    Arrays.fill(limits, Double.NaN);
    this.limit = limit;
    this.tenantSeconds = new double[streams.size()];
    this.tenantArrived = new long[streams.size()];
    this.tenantGood = new long[streams.size()];
    this.tenantRatios = new int[streams.size()][];
  }

  void arrived(Arrival arrival, long now) {
    if (arrival.isForeign()) {
      return;
    }
    int window = (int) (now / windowNanos);
    arrived[window]++;
    if (Double.isNaN(limits[window])) {
      limits[window] = limit.getAsDouble();
    }
  }

  void dispatched(Arrival arrival, int inFlight, long now) {
    if (counts(arrival)) {
      inFlightMax = Math.max(inFlightMax, inFlight);
    }
  }

  void ended(Arrival arrival, long now) {
    if (arrival.isForeign()) {
      return;
    }
    int window = (int) (now / windowNanos);
    boolean wasGood = arrival.fate == Arrival.Fate.GOOD;
    if (wasGood) {
      good[window]++;
    } else {
      lost[window]++;
    }
    if (!counts(arrival)) {
      return;
    }
    int rank = arrival.criticality().rank();
    classArrived[rank]++;
    tenantArrived[arrival.tenantNumber]++;
    switch (arrival.fate) {
      case GOOD -> {
        classGood[rank]++;
        tenantGood[arrival.tenantNumber]++;
        tenantSeconds[arrival.tenantNumber] += arrival.workNanos / 1e9;
        goodSeconds += arrival.workNanos / 1e9;
      }
      case LATE -> {
        late++;
        lateSeconds += arrival.workNanos / 1e9;
      }
      case SHED -> classShed[rank]++;
      case OPEN, REFUSED -> {}
    }
  }

  /// Notes that a server has finished with what was dispatched, in time or not.
  void finished(Arrival arrival, long now) {
    if (!counts(arrival)) {
      return;
    }
    double ratio =
        (double) (now - arrival.arrivedNanos) / (arrival.deadlineNanos() - arrival.arrivedNanos);
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
    return arrival.arrivedNanos >= fromNanos && !arrival.isForeign();
  }

  /// Gives the number of windows.
  public int windows() {
    return good.length;
  }

  /// Gives the length of a window in nanoseconds.
  public long windowNanos() {
    return windowNanos;
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

  /// Gives the limit at the start of a window; not a number if nothing arrived in it.
  public double limitIn(int window) {
    return limits[window];
  }

  /// Gives the share of the arrivals of a class that were answered in time; 1 if none arrived.
  public double success(Criticality criticality) {
    long all = classArrived[criticality.rank()];
    return all == 0 ? 1 : (double) classGood[criticality.rank()] / all;
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

  /// Gives the share of a stream's arrivals that were answered in time.
  public double streamSuccess(int stream) {
    return tenantArrived[stream] == 0 ? 1 : (double) tenantGood[stream] / tenantArrived[stream];
  }

  /// Gives a quantile of the time from arrival to end over the deadline, of what was dispatched,
  /// whether its caller still waited or not; 8 stands for 8 and more.
  public double overDeadline(double quantile) {
    return quantileOf(ratios, quantile);
  }

  /// Gives the same quantile for one stream.
  public double streamOverDeadline(int stream, double quantile) {
    int[] own = tenantRatios[stream];
    return own == null ? 0 : quantileOf(own, quantile);
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
