package triage.admission;

import org.jspecify.annotations.Nullable;

/// A limit that finds a backend's capacity by itself: how many requests it can work on at once.
///
/// **Growth.** From two, the level grows by a factor a round as long as the time a permit is held
/// does not grow with it; not beyond what half of the callers' patience (at first, eight tenths)
/// would bear if all that is added only waited.
///
/// Where it does, and what is known rests on few requests, the work itself may be heavier: whom
/// those that end have overtaken tells ([HeavierWork]).
///
/// **Pairs.** Then, while there is more demand than the limit lets through, it alternates between
/// two levels, a lower and a higher one. What the higher one cost in time and brought in throughput
/// is the [Elasticity]. Where it says surely enough that idle slots took what was added, growth is
/// taken up again. A service time that changes alone, at both levels alike, leaves it as it is.
///
/// **Capacity.** The [FreeTime] tells how long requests wait at the backend. That times the rate of
/// completions is how many of those in flight are waiting: the rest is the capacity. The reference
/// is corrected by little steps until the elasticity is the one of a higher level just beyond the
/// capacity.
///
/// **Shared.** Where those who wait for an answer share the backend with jobs that can wait, what
/// the limit is too high by is paid by the former. Jobs then grow no further than what has been
/// seen, and where the work is even they are spread in time, most of the time at a limit that is
/// neither too high nor, as a look below confirms now and then, too low ([Turns]).
///
/// **Brake.** When many of those that were dispatched with time enough end too late, the limit is
/// cut at once ([LateWatch]), and what the backend may still be working on for nobody is left room
/// for ([Stragglers]). Where the backend refuses what is too much, the limit is bound by what it
/// was working on then ([RefusalBound]).
///
/// **Units**: requests in flight; nanoseconds; logarithms are natural, of nanoseconds.
///
/// **Threads**: guarded by the lock of the gate's owner.
///
/// **Source**: our own, out of the paired probe; what was tried stands in decision 0015.
final class TunedLimit {
  /// How many teach at the first level, and at least at each later one.
  private static final int FIRST_ROUND = 6;

  /// By how much the level grows in a round, at first and later; when in doubt; and where patience
  /// is short.
  private static final double GROWTH = 4;

  private static final double GROWTH_LATER = 2;
  private static final double GROWTH_IN_DOUBT = 1.7;
  private static final double GROWTH_MIN = 1.25;

  /// From which level on the first growth has come some way.
  private static final int SOME_WAY = 6;

  /// The rise of the logarithm of the time held that ends growth, and the one that ends it before a
  /// round is over; how many standard errors make it sure, at first and later.
  private static final double QUEUED = Math.log(1.25);

  private static final double QUEUED_BADLY = Math.log(2);
  private static final double SURE_AT_FIRST = 2;
  private static final double SURE_LATER = 1.5;

  /// How much of a growth round must have ended, and how often it is prolonged when in doubt.
  private static final double ENDED_ENOUGH = 0.7;

  private static final int REPEATS_MAX = 2;

  /// Parts of a round, in times a permit is held: before the first sample, up to which samples are
  /// taken at least, and the whole at the higher and at the lower level.
  private static final double RUN_IN = 0.4;

  private static final double SAMPLED_UNTIL = 1.0;
  private static final double RUN_OUT = 1.9;
  private static final double RUN_OUT_LOW = 1.5;

  /// How fast the reference follows the elasticity to 1.
  private static final double ADAPTATION = 0.25;

  /// How far beyond what was in flight before those who can wait go in a round of growth.
  private static final double PATIENT_GROWTH = 1.25;

  /// How far apart those who can wait are dispatched, as a share of what keeps the backend busy.
  private static final double SPREAD_OUT = 0.8;

  /// Jobs are not spread out by less: whoever looks when the next may go is late by a tenth of it.
  private static final double APART_NANOS_MIN = 10e6;

  /// How far the reference goes back to its anchor with each pair where the work is even.
  private static final double GOING_BACK = 0.1;

  /// What is expected of even work at least.
  private static final double VARIATION_MIN = 0.01;

  /// The time held over that without waiting from which on a level does not last longer.
  private static final double STRAINED = 1.5;

  private final int most;
  private final Rounds rounds = new Rounds();
  private final Estimate estimate;
  private FreeTime free = new FreeTime();
  private @Nullable FreeTime freeBefore;
  private final HeavierWork heavier = new HeavierWork();
  private final Overtaking overtaking = new Overtaking();
  private final Evidence evidence = new Evidence();
  private final Patience patience = new Patience();
  private final LateWatch lateWatch = new LateWatch();
  private final Stragglers stragglers = new Stragglers();
  private final RefusalBound refusals = new RefusalBound();
  private final Levels levels;
  private final Queueing queueing = new Queueing();
  private final Sharing sharing = new Sharing();
  private final Evenness evenness = new Evenness();
  private final Turns turns = new Turns();
  private long ended;
  private long served;
  private double heldNanos;

  private boolean shared;
  private boolean precise;
  private long dispatchedNanos;
  private boolean growing = true;
  private boolean everSettled;
  private boolean begun;
  private int repeats;
  private int floor = 1;
  private int dispatchedMax = FIRST_ROUND;
  private Rise.Seen before = Rise.Seen.NOTHING;
  private boolean inconsistent;
  private double variation = 0.25;
  private double unevenness = 0.25;
  private long pairs;

  TunedLimit(int most) {
    this.most = most;
    this.estimate = new Estimate(most);
    this.levels = new Levels(most, estimate, refusals);
    rounds.now().begin(Math.min(2, most), 0, 0);
  }

  /// Goes on after others have decided for a while, with what is known: what was dispatched
  /// meanwhile, or ended, teaches nothing.
  void resume(long nowNanos) {
    shared = false;
    overtaking.clear();
    turns.begin();
    next(growing ? rounds.now().level() : high(), nowNanos);
    rounds.judgeFromNow();
    if (growing) {
      floor = 1;
      dispatchedMax = Math.max(FIRST_ROUND, rounds.now().level());
    }
  }

  /// Gives how many may be in flight now.
  int level() {
    int now = rounds.now().isBelow() ? low() : rounds.now().level();
    return Math.max(1, now - stragglers.count());
  }

  /// Gives how many may be in flight now, one who can wait among them: such are kept to the level
  /// that is looked at, and do not leap where others would wait behind them.
  int patientLevel() {
    if (!shared || !free.isKnown()) {
      return level();
    }
    int now = growing ? (int) Math.ceil(PATIENT_GROWTH * before.inFlight()) : rounds.now().level();
    return Math.clamp(now, 1, level());
  }

  /// Gives how long one who can wait is held back yet. Where the work is even, what begins at once
  /// ends at once, and whoever comes then finds every place taken for as long as can be: spread
  /// out, a place is free soon.
  long patientWaitNanos(long nowNanos) {
    double apart = SPREAD_OUT * heldNanos / patientLevel();
    if (!precise || !shared || apart < APART_NANOS_MIN) {
      return 0;
    }
    return Math.max(0, dispatchedNanos + (long) apart - nowNanos);
  }

  /// Gives the capacity as it is estimated now.
  double centre() {
    return growing ? rounds.now().level() : estimate.capacity();
  }

  /// Gives the most that the capacity can be, as the refusals say; infinite where there were none.
  double refusalBound() {
    return refusals.capacity();
  }

  /// Notes a dispatch.
  ///
  /// @param inFlight how many are in flight, this one included
  /// @param withheld how many permits are withheld beside them
  /// @param patienceNanos how much time is left until its deadline; [Long#MAX_VALUE] without one
  /// @return the phase, to be handed back when the request ends
  long dispatched(int inFlight, int withheld, long patienceNanos, long nowNanos) {
    patience.note(patienceNanos, weight());
    sharing.note(patienceNanos == Long.MAX_VALUE, nowNanos);
    shared = sharing.isShared(heldNanos, nowNanos);
    dispatchedNanos = nowNanos;
    Phase phase = rounds.now();
    if (inFlight + withheld < floor() || phase.dispatched() >= dispatchedMax) {
      return Rounds.NONE;
    }
    if (!begun) {
      begun = true;
      phase.begin(phase.level(), ended, nowNanos);
    }
    if (growing) {
      phase.dispatch(inFlight, nowNanos);
      return rounds.number();
    }
    if (nowNanos - phase.startedNanos() < RUN_IN * heldNanos) {
      return Rounds.NONE;
    }
    long number = rounds.number();
    if (isSampled(phase, nowNanos)) {
      number = Rounds.NONE;
    } else {
      phase.dispatch(inFlight, nowNanos);
    }
    if (isLongEnough(phase, nowNanos) && rounds.canGoOn()) {
      next(levelOf(turns.next(phase.level() == low(), looksBelow())), nowNanos);
    }
    return number;
  }

  private boolean looksBelow() {
    return precise && low() > 1;
  }

  private int levelOf(Turns.Level level) {
    return switch (level) {
      case BELOW -> levels.below();
      case LOWER -> low();
      case HIGHER -> high();
    };
  }

  /// Gives how many must be in flight for a dispatch to teach.
  private int floor() {
    return growing && shared ? Math.min(floor, patientLevel()) : floor;
  }

  /// Gives a dispatch its place in the order of all.
  long begin() {
    return overtaking.begin();
  }

  /// Notes whom a dispatch has overtaken that ends now; to be called before [#ended].
  ///
  /// @param order what [#begin] gave
  /// @param number what [#dispatched] gave
  void overtook(long order, long number, Ending ending) {
    int overtaken = overtaking.end(order);
    if (overtaken != Overtaking.UNKNOWN && ending.isTimed() && rounds.teaches(number)) {
      rounds.of(number).overtook(overtaken, overtaking.outstanding());
    }
  }

  /// Notes the end of a dispatch.
  ///
  /// @param number what [#dispatched] gave
  /// @param inFlight how many others are in flight
  /// @param held how long the permit was held, in nanoseconds
  void ended(
      long number, int inFlight, long dispatchedNanos, long held, Ending ending, long nowNanos) {
    ended++;
    if (ending.isTimed()) {
      heldNanos = heldNanos == 0 ? held : heldNanos + weight() * (held - heldNanos);
      if (ending == Ending.SERVED) {
        served++;
        stragglers.served(dispatchedNanos);
      } else {
        stragglers.left(dispatchedNanos);
      }
    }
    Phase now = rounds.now();
    if (!growing && begun && nowNanos - now.startedNanos() >= RUN_IN * heldNanos) {
      now.openWindow(served, nowNanos);
    }
    if (rounds.teaches(number)) {
      rounds.of(number).end(dispatchedNanos, held, ending);
    }
    if (ending != Ending.SILENT) {
      double kept = lateWatch.keptAfter(ending, inFlight, dispatchedNanos, level(), nowNanos);
      if (kept < 1) {
        brake(kept, nowNanos);
      }
    }
    if (growing) {
      grow(nowNanos);
    } else {
      judge(nowNanos);
    }
  }

  /// Notes after which share of the time that a permit was held its answer began.
  void answered(double share) {
    patience.noteAnswered(share, weight());
  }

  /// Tells whether a request had so much less time than is usual that it says nothing when it ends
  /// too late.
  boolean isHurried(long patienceNanos) {
    return patience.isHurried(patienceNanos);
  }

  private void remember(Phase phase, long nowNanos) {
    free.remember(phase, nowNanos);
    evenness.learn(phase);
    if (!everSettled) {
      heavier.learn(phase);
    }
  }

  private double weight() {
    return Math.max(0.02, 1.0 / (2 + level()));
  }

  private void grow(long nowNanos) {
    Phase now = rounds.now();
    int wanted = free.isKnown() ? dispatchedMax / 2 : dispatchedMax;
    boolean enough = now.sampled() >= ENDED_ENOUGH * now.dispatched();
    if (now.dispatched() >= dispatchedMax && now.outstanding() == 0 && !enough) {
      // Too many of this round ended without saying anything: it is done over.
      begun = false;
      now.begin(now.level(), ended, nowNanos);
    } else if (now.dispatched() < wanted || !enough) {
      if (isQueuedBadly(now, wanted, nowNanos) && !growAsOfHeavierWork(now, nowNanos)) {
        settleAt(now, now.logHeldAtLeast(nowNanos), nowNanos);
      }
    } else if (free.isKnown()) {
      growOn(now, nowNanos);
    } else if (now.outstanding() == 0) {
      remember(now, nowNanos);
      higher(now, GROWTH, nowNanos);
    }
  }

  /// Tells before a round is over that its level is far too high.
  private boolean isQueuedBadly(Phase now, int wanted, long nowNanos) {
    return free.isKnown()
        && now.sampled() >= 2
        && 2 * now.dispatched() >= wanted
        && free.excess(now.logHeldAtLeast(nowNanos)) - 2 * doubt(now) > QUEUED_BADLY;
  }

  private double doubt(Phase phase) {
    return Math.sqrt(phase.logNoise() + free.noise());
  }

  /// Judges a round of growth: by the reference, and by the round before, which is free of an error
  /// in the reference.
  private void growOn(Phase now, long nowNanos) {
    double log = now.logHeld(nowNanos);
    double excess = free.excess(log);
    double doubt = doubt(now);
    Rise rise = Rise.between(before, Rise.Seen.of(now, nowNanos));
    boolean flat = rise.isFlat();
    if (freeBefore != null && HeavierWork.isRefuted(rise.step(), rise.sure())) {
      settleAt(now, log, nowNanos);
      return;
    }
    double unsure = excess > QUEUED ? 2 * doubt : doubt;
    double sure = everSettled ? SURE_LATER : SURE_AT_FIRST;
    if (Math.abs(excess - QUEUED) < unsure && repeats < REPEATS_MAX) {
      repeats++;
      dispatchedMax += Math.max(2, dispatchedMax / (repeats + 1));
    } else if ((flat || excess - sure * doubt < QUEUED) && reachedBy(now) < most) {
      freeBefore = null;
      boolean surelyFree = excess + doubt < QUEUED;
      if (shared ? excess < doubt : excess < QUEUED || flat) {
        remember(now, nowNanos);
      }
      higher(now, surelyFree ? GROWTH : GROWTH_IN_DOUBT, nowNanos);
    } else if (!growAsOfHeavierWork(now, nowNanos)) {
      settleAt(now, log, nowNanos);
    }
  }

  /// Takes the reference anew and grows on, where times have risen because the work is heavier.
  private boolean growAsOfHeavierWork(Phase now, long nowNanos) {
    if (everSettled || freeBefore != null || !heavier.isLikely(now)) {
      return false;
    }
    heavier.assume();
    freeBefore = free;
    free = new FreeTime();
    remember(now, nowNanos);
    higher(now, GROWTH_IN_DOUBT, nowNanos);
    return true;
  }

  private double reachedBy(Phase phase) {
    return shared ? Math.ceil(phase.inFlight()) : phase.level();
  }

  /// Goes on to a higher level. What teaches is what meets more in flight than there was before.
  private void higher(Phase from, double factor, long nowNanos) {
    before = Rise.Seen.of(from, nowNanos);
    double base = shared ? from.inFlight() : from.level();
    double wanted = (everSettled ? Math.min(factor, GROWTH_LATER) : factor) * base;
    double least = Math.max(GROWTH_MIN * base, base + 2);
    double borne = Math.max(least, bearable(from, nowNanos));
    refusals.note(from);
    borne = Math.min(borne, Math.max(base, refusals.grown()));
    int level = (int) Math.min(most, Math.ceil(Math.min(wanted, borne)));
    next(level, nowNanos);
    floor = Math.min(level, (int) Math.ceil(base) + 1);
    int round = shared ? patientLevel() : level - from.level();
    dispatchedMax = Math.max(FIRST_ROUND, round);
    repeats = 0;
  }

  private double bearable(Phase from, long nowNanos) {
    return everSettled || from.level() < SOME_WAY
        ? patience.bearable(from, nowNanos)
        : patience.bearableAtFirst(from, nowNanos);
  }

  private void settleAt(Phase found, double logHeld, long nowNanos) {
    if (freeBefore != null) {
      free = freeBefore;
    }
    double doubt = doubt(found);
    estimate.doubt(doubt * doubt);
    levels.reached(found.level());
    settle(queueing.capacityFound(found, free.excess(logHeld), free), nowNanos);
  }

  private void settle(double found, long nowNanos) {
    growing = false;
    everSettled = true;
    freeBefore = null;
    evidence.begin();
    inconsistent = false;
    estimate.set(found);
    turns.begin();
    next(high(), nowNanos);
    rounds.judgeFromNow();
  }

  private void judge(long nowNanos) {
    while (!growing) {
      Pair pair = rounds.takePair();
      if (pair == null) {
        return;
      }
      if (pair.isComparable()) {
        learn(pair, nowNanos);
      } else if (pair.isLook()) {
        turns.looked(Turns.Look.NOTHING);
      }
    }
  }

  private void learn(Pair pair, long nowNanos) {
    Phase lower = pair.lower();
    Phase higher = pair.higher();
    double varied = 0.5 * (lower.logVariation() + higher.logVariation());
    variation += 0.1 * (varied - variation);
    pairs++;
    refusals.ease();
    unevenness += Math.max(0.1, 1.0 / (pairs + 1)) * (varied - unevenness);
    evenness.learn(lower);
    Elasticity elasticity = queueing.elasticity(pair, free, nowNanos);
    if (!inconsistent && elasticity.isImpossible()) {
      // The work changed between the two: the later one is paired with the next.
      inconsistent = true;
      rounds.takeLaterAgain();
      return;
    }
    inconsistent = false;
    if (!pair.isLook()) {
      queueing.learn(pair, elasticity, free);
    }
    refusals.note(higher);
    boolean isLower =
        precise && free.excess(lower.logHeld(nowNanos)) < -2 * Math.sqrt(lower.logNoise());
    boolean known = isLower || (elasticity.isSurelyBeyond() && free.isTooHighFor(higher, nowNanos));
    if (known) {
      remember(lower, nowNanos);
    }
    if (pair.isLook()) {
      learnBelow(pair, elasticity, nowNanos);
      return;
    }
    double log = higher.logHeld(nowNanos);
    evidence.add(elasticity, free.excess(log), higher.logNoise());
    if (evidence.hasRoom(free.isSlower(log))
        && patience.bearable(higher, nowNanos) > GROWTH_MIN * higher.inFlight()) {
      if (!known) {
        remember(lower, nowNanos);
      }
      growing = true;
      higher(higher, GROWTH_IN_DOUBT, nowNanos);
      return;
    }
    if (!known && lower.inFlight() < 1.05) {
      // One alone does not wait.
      remember(lower, nowNanos);
    }
    follow(pair.ratio());
    estimate.moveTowards(
        queueing.capacity(higher, free.excess(log), pair.perNano(), free),
        higher.logNoise() + free.noise());
  }

  /// Corrects the reference by the elasticity; where the work is even, by what is sure of it only.
  private void follow(double ratio) {
    double off = 1 - Math.clamp(evidence.mean(), -1, 2);
    if (precise) {
      off = Math.signum(off) * Math.max(0, Math.abs(off) - evidence.doubt());
    }
    free.follow(ADAPTATION * off * ratio);
    if (precise) {
      free.goBack(GOING_BACK);
    }
  }

  /// Learns from the lower level, and one below it, whether the lower one is beyond the capacity.
  private void learnBelow(Pair pair, Elasticity elasticity, long nowNanos) {
    Phase lower = pair.higher();
    Turns.Look look = look(elasticity);
    turns.looked(look);
    if (look == Turns.Look.CAPACITY) {
      remember(lower, nowNanos);
    } else if (look == Turns.Look.BEYOND) {
      estimate.set(Math.min(estimate.capacity(), pair.lower().inFlight()));
    } else {
      double excess = free.excess(lower.logHeld(nowNanos));
      estimate.moveTowards(
          queueing.capacity(lower, excess, pair.perNano(), free), lower.logNoise() + free.noise());
    }
  }

  private static Turns.Look look(Elasticity seen) {
    if (seen.value() + seen.doubt() < Evidence.KNEE) {
      return Turns.Look.CAPACITY;
    }
    return seen.isSurelyBeyond() ? Turns.Look.BEYOND : Turns.Look.UNSURE;
  }

  private void brake(double kept, long nowNanos) {
    int level = rounds.now().level();
    estimate.doubt(0);
    double refusedAt = free.isKnown() ? lateWatch.refusedAt() : Double.NaN;
    boolean refused = !Double.isNaN(refusedAt);
    if (refused) {
      refusals.bind(refusedAt);
    }
    if (!free.isKnown()) {
      // Begins to grow again from a lower level, with nothing known.
      next(Math.max(1, (int) (kept * level)), nowNanos);
      floor = 1;
      dispatchedMax = Math.max(FIRST_ROUND, rounds.now().level());
      rounds.judgeFromNow();
    } else if (growing) {
      // Jobs are far below the level that is grown to.
      double reached = shared ? Math.min(level, 1 + before.inFlight() * PATIENT_GROWTH) : level;
      double base = reached / GROWTH_MIN;
      double bound = Math.min(refusals.capacity(), kept * base);
      double seen = reached * free.meanNanos() / heldNanos;
      settle(Math.clamp(seen, Math.min(base / 4, bound), bound), nowNanos);
    } else {
      double centre = estimate.capacity();
      settle(refused ? Math.min(centre, refusals.capacity()) : kept * centre, nowNanos);
    }
  }

  /// Tells whether a round has been sampled enough. What comes before and after in it is not
  /// sampled: a backend that shares its speed among all works at the pace of the other level there.
  private boolean isSampled(Phase phase, long nowNanos) {
    double ratio = Math.log((double) high() / low());
    if (phase.isBelow()) {
      ratio = Math.max(ratio, Math.log((double) low() / phase.level()));
    }
    double varied = precise || evenness.isVeryEven() ? evenness.variation() : variation;
    double wanted = Math.clamp(10 * varied / (ratio * ratio), 4, 400);
    return phase.dispatched() >= wanted
        && nowNanos - phase.startedNanos() >= SAMPLED_UNTIL * heldNanos;
  }

  private boolean isLongEnough(Phase phase, long nowNanos) {
    double lasting = phase.isBelow() || phase.level() == low() ? RUN_OUT_LOW : RUN_OUT;
    if (precise && heldNanos < STRAINED * free.meanNanos()) {
      lasting *= turns.lasting();
    }
    return isSampled(phase, nowNanos) && nowNanos - phase.startedNanos() >= lasting * heldNanos;
  }

  private int low() {
    return levels.low();
  }

  private int high() {
    return levels.high(unevenness < Evenness.EVEN || queueing.isShared());
  }

  private void next(int level, long nowNanos) {
    rounds.now().closeWindow(served, nowNanos);
    precise = shared && evenness.isEven();
    Phase phase = rounds.next();
    phase.begin(level, ended, nowNanos);
    phase.expect(
        !growing && turns.now() == Turns.Level.BELOW,
        precise || evenness.isVeryEven()
            ? Math.max(VARIATION_MIN, evenness.variation())
            : Evenness.EXPECTED);
    begun = false;
    floor = (int) Math.ceil(0.9 * level);
    dispatchedMax = growing ? level : Integer.MAX_VALUE;
  }
}
