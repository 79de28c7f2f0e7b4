package triage.admission;

/// A limit that finds a backend's capacity by itself: how many requests it can work on at once.
///
/// **Rounds.** While there is more demand than the limit lets through, it alternates between two
/// levels, a lower and a higher one. Each level stands for a round of dispatches, and what is
/// compared is how long a permit was held in one and in the other. By Little's law, a time that is
/// the same at both levels says that the lower one left slots idle; a time that has grown as much
/// as the number in flight says that more concurrency bought nothing. The ratio of the two growths
/// is the *elasticity*, 0 to 1. A service time that changes alone, at both levels alike, leaves it
/// as it is.
///
/// **Logarithms.** Times are compared by the mean of their logarithm, which a few long requests do
/// not move. For a queue in order of arrival everybody waits the same, whatever the work, so that
/// some samples without queueing tell what a wait does to that mean, and so how long the wait is.
/// The wait times the rate of completions is how many of those in flight are waiting: the rest is
/// the capacity.
///
/// **Reference.** The time without queueing that this takes is measured while growing, and then
/// corrected by little steps until the elasticity is the one of a higher level just beyond the
/// capacity; the correction is bounded, so that it cannot drift.
///
/// **Growth.** From two, the level grows by a factor a round as long as the time held does not grow
/// with it. Growth is taken up again when the elasticity is near 0.
///
/// **Brake.** When many of those that were dispatched with time enough end too late, the limit is
/// cut at once; what was dispatched before the cut does not cut it again.
///
/// **Units**: requests in flight; nanoseconds; logarithms are natural, of nanoseconds.
///
/// **Threads**: guarded by the lock of the gate's owner.
///
/// **Source**: our own, out of the paired probe; what was tried stands in decision 0015.
final class TunedLimit {
  /// The phase of a dispatch that teaches nothing.
  static final long NO_PHASE = -1;

  /// How many rounds are remembered at once; a power of two.
  private static final int PHASES = 16;

  /// The lower and the higher level, as multiples of the estimated capacity.
  private static final double HEADROOM = 1.05;

  private static final double HIGH = 1.4;

  /// By how much the level grows in a round, when nothing speaks against it and when in doubt.
  private static final double GROWTH = 3;

  private static final double GROWTH_IN_DOUBT = 1.7;

  /// The rise of the logarithm of the time held that ends growth.
  private static final double QUEUED = Math.log(1.25);

  private static final int REPEATS_MAX = 2;

  /// The elasticities below which growth is taken up again: the mean, and the mean with its doubt,
  /// less where the time held has risen already.
  private static final double FREE = 0.3;

  private static final double SURELY_FREE = 0.25;

  /// How much of the evidence of earlier pairs still counts with the next.
  private static final double MEMORY = 0.8;

  private static final double KNEE = 0.5;

  /// Parts of a round, in times a permit is held: before the first sample, up to which samples are
  /// taken at least, and the whole at the higher and at the lower level.
  private static final double RUN_IN = 0.4;

  private static final double SAMPLED_UNTIL = 1.0;
  private static final double RUN_OUT = 1.5;
  private static final double RUN_OUT_LOW = 1.2;

  /// The elasticity that is held, how fast the reference follows it, and how far it may.
  private static final double AIM = 1.0;

  private static final double ADAPTATION = 0.25;
  private static final double LOWER_MAX = 0.3;
  private static final double HIGHER_MAX = 0.15;

  /// What counts as slow against the reference, and the share of late ends that brakes.
  private static final double SLOW = Math.log(1.5);

  private static final double LATE_MAX = 0.2;

  private final int most;
  private final Phase[] phases = new Phase[PHASES];
  private long current;
  private long judged;
  private long ended;

  private boolean growing = true;
  private boolean begun;
  private int repeats;
  private int floor = 1;
  private int dispatchedMax = 4;

  private double centre = 1;
  private double uncertainty = 0.09;
  private boolean inconsistent;
  private double evidence;
  private double meanElasticity;
  private double lastExcess;

  /// What was seen without queueing: the mean logarithm of the time a permit was held, the variance
  /// of that mean, and some samples.
  private double freeLog;

  private double anchorLog;
  private double freeNoise;
  private final double[] freeSamples = new double[Phase.SAMPLES];
  private int freeCount;

  private double heldNanos;
  private double variation = 0.25;
  private long brakedNanos = Long.MIN_VALUE;
  private int endedSinceLook;
  private int lateSinceLook;

  TunedLimit(int most) {
    this.most = most;
    for (int i = 0; i < PHASES; i++) {
      phases[i] = new Phase();
    }
    phases[0].begin(Math.min(2, most), 0, 0);
  }

  /// Gives how many may be in flight now.
  int level() {
    return phase(current).level();
  }

  /// Gives the capacity as it is estimated now.
  double centre() {
    return growing ? level() : centre;
  }

  /// Notes a dispatch.
  ///
  /// @param inFlight how many are in flight, this one included
  /// @return the phase, to be handed back when the request ends
  long dispatched(int inFlight, long nowNanos) {
    Phase phase = phase(current);
    if (inFlight < floor || phase.dispatched() >= dispatchedMax) {
      return NO_PHASE;
    }
    if (!begun) {
      begun = true;
      phase.begin(phase.level(), ended, nowNanos);
    }
    if (!growing && nowNanos - phase.startedNanos() < RUN_IN * heldNanos) {
      return NO_PHASE;
    }
    long number = current;
    if (!growing && isSampled(phase, nowNanos)) {
      number = NO_PHASE;
    } else {
      phase.dispatch(inFlight, nowNanos);
    }
    if (!growing && isLongEnough(phase, nowNanos) && current - judged < PHASES - 2) {
      next(phase.level() == low() ? high() : low(), nowNanos);
    }
    return number;
  }

  /// Notes the end of a dispatch.
  ///
  /// @param number what [#dispatched] gave
  /// @param honest whether the time says something about the backend
  /// @param late whether the deadline passed at the backend, or it said that it has too much to do
  void ended(
      long number, long dispatchedNanos, long held, boolean honest, boolean late, long nowNanos) {
    ended++;
    if (honest) {
      double weight = Math.max(0.02, 1.0 / (2 + level()));
      heldNanos = heldNanos == 0 ? held : heldNanos + weight * (held - heldNanos);
    }
    if (number != NO_PHASE && number >= judged - 1 && current - number < PHASES) {
      phase(number).end(dispatchedNanos, held, honest, late);
    }
    // What was dispatched before the brake was put on says nothing about the time since.
    if ((honest || late) && dispatchedNanos > brakedNanos) {
      watchLate(late, nowNanos);
    }
    if (growing) {
      grow(nowNanos);
    } else {
      judge(nowNanos);
    }
  }

  private void grow(long nowNanos) {
    Phase now = phase(current);
    double wanted = freeCount == 0 ? dispatchedMax : 0.5 * dispatchedMax;
    if (now.dispatched() >= dispatchedMax
        && now.outstanding() == 0
        && now.sampled() < 0.7 * now.dispatched()) {
      // Too many of this round ended without saying anything: it is done over.
      begun = false;
      now.begin(now.level(), ended, nowNanos);
      return;
    }
    if (now.dispatched() < wanted || now.sampled() < 0.7 * now.dispatched()) {
      return;
    }
    if (freeCount == 0) {
      if (now.outstanding() > 0) {
        return;
      }
      remember(now, nowNanos);
      higher(now, GROWTH, nowNanos);
      return;
    }
    double excess = now.logHeld(nowNanos) - freeLog;
    double doubt = Math.sqrt(now.logNoise() + freeNoise);
    double unsure = excess > QUEUED ? 2 * doubt : doubt;
    if (Math.abs(excess - QUEUED) < unsure && repeats < REPEATS_MAX) {
      repeats++;
      dispatchedMax += Math.max(2, dispatchedMax / (repeats + 1));
    } else if (excess - 1.5 * doubt < QUEUED && now.level() < most) {
      boolean surelyFree = excess + doubt < QUEUED;
      if (excess < QUEUED) {
        remember(now, nowNanos);
      }
      higher(now, surelyFree ? GROWTH : GROWTH_IN_DOUBT, nowNanos);
    } else {
      double waited = waitedNanos(excess);
      settle(now.inFlight() * (1 - waited / (waited + meanOfFree())), nowNanos);
    }
  }

  /// Goes on to a higher level. What teaches is what meets more in flight than there was before.
  private void higher(Phase from, double factor, long nowNanos) {
    int level = (int) Math.min(most, Math.ceil(from.level() * factor));
    next(level, nowNanos);
    floor = Math.min(level, from.level() + 1);
    dispatchedMax = Math.max(6, level - from.level());
    repeats = 0;
  }

  /// Takes what was seen without queueing into account: pooled with what was known, unless it
  /// differs so much that the work itself must have changed.
  private void remember(Phase free, long nowNanos) {
    double noise = free.logNoise();
    double off = free.logHeld(nowNanos) - freeLog;
    boolean known = freeCount > 0 && off * off <= 9 * (freeNoise + noise);
    double gain = known ? freeNoise / (freeNoise + noise) : 1;
    freeLog += gain * off;
    anchorLog = freeLog;
    freeNoise = Math.max(0.0002, known ? (1 - gain) * freeNoise : noise) + 0.0004;
    if (free.sampled() >= Math.min(Phase.SAMPLES, freeCount) / 2) {
      freeCount = free.copySamples(freeSamples);
    }
  }

  /// Gives how long a request has waited at the backend, if that is by how much the logarithm of
  /// the time held exceeds what it is without queueing. For a queue in order of arrival everybody
  /// waits the same, whatever the work; the samples say what that does to the logarithm.
  private double waitedNanos(double excess) {
    double low = 0;
    double high = meanOfFree() * Math.exp(Math.max(0, excess)) * 2;
    for (int i = 0; i < 24; i++) {
      double middle = 0.5 * (low + high);
      if (meanLogRise(middle) < excess) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return low;
  }

  private double meanLogRise(double waitedNanos) {
    double sum = 0;
    for (int i = 0; i < freeCount; i++) {
      sum += Math.log1p(waitedNanos / Math.max(1, freeSamples[i]));
    }
    return sum / freeCount;
  }

  private double meanOfFree() {
    double sum = 0;
    for (int i = 0; i < freeCount; i++) {
      sum += freeSamples[i];
    }
    return sum / freeCount;
  }

  private void settle(double found, long nowNanos) {
    growing = false;
    evidence = 0;
    meanElasticity = KNEE;
    inconsistent = false;
    uncertainty = 0.09;
    move(found);
    next(high(), nowNanos);
    judged = current;
  }

  private void judge(long nowNanos) {
    while (!growing && judged + 1 < current && isJudgeable(judged) && isJudgeable(judged + 1)) {
      Phase one = phase(judged);
      Phase two = phase(judged + 1);
      double perNano =
          (phase(judged + 2).endedBefore() - one.endedBefore())
              / (double) Math.max(1, phase(judged + 2).startedNanos() - one.startedNanos());
      judged += 2;
      if (one.sampled() >= 1 && two.sampled() >= 1) {
        Phase lower = one.inFlight() < two.inFlight() ? one : two;
        learn(lower, lower == one ? two : one, perNano, nowNanos);
      }
    }
  }

  private boolean isJudgeable(long number) {
    return phase(number).outstanding() == 0 || current - number >= PHASES - 3;
  }

  private void learn(Phase lower, Phase higher, double perNano, long nowNanos) {
    double ratio = Math.log(higher.inFlight() / lower.inFlight());
    if (ratio < 0.05) {
      return;
    }
    variation += 0.1 * (0.5 * (lower.logVariation() + higher.logVariation()) - variation);
    double elasticity = (higher.logHeld(nowNanos) - lower.logHeld(nowNanos)) / ratio;
    if (higher.lateShare() > LATE_MAX) {
      // A time that was cut off at the deadline says that it was too long, not how long it was.
      elasticity = Math.max(elasticity, 1.5);
    }
    double doubt = Math.sqrt(lower.logNoise() + higher.logNoise()) / ratio;
    if (!inconsistent && (elasticity < -0.5 - 2 * doubt || elasticity > 4 + 2 * doubt)) {
      // The work changed between the two: the later one is paired with the next.
      inconsistent = true;
      judged--;
      return;
    }
    inconsistent = false;
    double excess = higher.logHeld(nowNanos) - freeLog;
    if (Math.abs(excess - lastExcess) > 0.15 + 3 * Math.sqrt(higher.logNoise())) {
      evidence *= 0.1;
    }
    lastExcess = excess;
    evidence = MEMORY * evidence + 1 / (doubt * doubt);
    meanElasticity += (elasticity - meanElasticity) / (doubt * doubt * evidence);
    double meanDoubt = 1 / Math.sqrt(evidence);
    if (meanElasticity < FREE
        && meanElasticity + meanDoubt
            < (higher.logHeld(nowNanos) > anchorLog + SLOW ? SURELY_FREE : KNEE)) {
      remember(lower, nowNanos);
      growAgain(higher, nowNanos);
      return;
    }
    double correction = ADAPTATION * (AIM - Math.clamp(meanElasticity, -1, 2)) * ratio;
    freeLog = Math.clamp(freeLog + correction, anchorLog - LOWER_MAX, anchorLog + HIGHER_MAX);
    excess = higher.logHeld(nowNanos) - freeLog;
    double seen =
        excess <= 0
            ? higher.inFlight() * (1 - Math.max(excess, -0.2))
            : Math.max(0.25 * higher.inFlight(), higher.inFlight() - waitedNanos(excess) * perNano);
    double off = Math.log(seen / centre);
    double noise = higher.logNoise() + freeNoise;
    double gain = uncertainty / (uncertainty + noise);
    move(centre * Math.exp(Math.clamp(gain * off, -0.7, 0.5)));
    uncertainty = Math.min(0.09, (1 - gain) * uncertainty + Math.max(0.0025, 0.2 * off * off));
  }

  /// Takes up growth where more concurrency costs no time.
  private void growAgain(Phase from, long nowNanos) {
    growing = true;
    centre = Math.max(centre, from.level());
    higher(from, GROWTH_IN_DOUBT, nowNanos);
  }

  private void move(double to) {
    if (Double.isFinite(to)) {
      centre = Math.clamp(to, 1, most);
    }
  }

  /// Begins to grow again from a lower level, with nothing known.
  private void startOver(int level, long nowNanos) {
    growing = true;
    next(Math.max(1, level), nowNanos);
    floor = 1;
    dispatchedMax = Math.max(4, level);
    judged = current;
  }

  /// Takes the emergency brake when many of those that were dispatched end too late.
  private void watchLate(boolean late, long nowNanos) {
    endedSinceLook++;
    if (late) {
      lateSinceLook++;
    }
    if (endedSinceLook >= Math.max(8, level())) {
      double share = (double) lateSinceLook / endedSinceLook;
      endedSinceLook = 0;
      lateSinceLook = 0;
      if (share > LATE_MAX) {
        double kept = share > 0.5 ? 0.4 : 0.7;
        brakedNanos = nowNanos;
        if (freeCount == 0) {
          startOver((int) (kept * level()), nowNanos);
          return;
        }
        settle(kept * (growing ? level() : centre), nowNanos);
      }
    }
  }

  /// Tells whether a round has been sampled enough. What comes before and after in it is not
  /// sampled: a backend that shares its speed among all works at the pace of the other level there.
  private boolean isSampled(Phase phase, long nowNanos) {
    double ratio = Math.log((double) high() / low());
    double wanted = Math.clamp(10 * variation / (ratio * ratio), 4, 400);
    return phase.dispatched() >= wanted
        && nowNanos - phase.startedNanos() >= SAMPLED_UNTIL * heldNanos;
  }

  private boolean isLongEnough(Phase phase, long nowNanos) {
    return isSampled(phase, nowNanos)
        && nowNanos - phase.startedNanos()
            >= (phase.level() == low() ? RUN_OUT_LOW : RUN_OUT) * heldNanos;
  }

  private int low() {
    return Math.clamp(Math.round(HEADROOM * centre), 1, most);
  }

  private int high() {
    double wanted = HIGH * centre + Math.min(1, 0.5 * (centre - 1));
    return Math.min(most, Math.max(low() + 1, (int) Math.round(wanted)));
  }

  private void next(int level, long nowNanos) {
    current++;
    phase(current).begin(level, ended, nowNanos);
    begun = false;
    floor = (int) Math.ceil(0.9 * level);
    dispatchedMax = growing ? level : Integer.MAX_VALUE;
  }

  private Phase phase(long number) {
    return phases[(int) (number & PHASES - 1)];
  }
}
