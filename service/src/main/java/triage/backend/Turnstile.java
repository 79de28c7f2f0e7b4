package triage.backend;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.List;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import triage.admission.Absence;
import triage.admission.Gate;
import triage.admission.GateSettings;
import triage.admission.GateSnapshot;
import triage.admission.LaneSettings;
import triage.admission.LimitSettings;
import triage.admission.Mode;
import triage.admission.Outcome;
import triage.admission.Ticket;
import triage.admission.Verdict;
import triage.time.MonotonicClock;

/// A gate that threads can wait at.
///
/// Each waiting thread sleeps until it is decided or its own deadline has come, and then lets the
/// gate expire what is due: no timer is needed but for permits that are withheld and jobs that are
/// held back.
///
/// **Threads**: safe for use by several threads. The lock is held for a decision only; waking
/// others and sleeping happen outside it.
public final class Turnstile {
  /// Nobody knows when a backend is taken back; refused callers are told a time all the same.
  private static final long DRAINED_NANOS = 30_000_000_000L;

  private static final long LOOK_NANOS_MIN = 1_000_000L;

  private final MonotonicClock clock;
  private final ScheduledExecutorService timer;
  private final ReentrantLock lock = new ReentrantLock();

  @GuardedBy("lock")
  private final Gate gate;

  /// When somebody looks next whether there is room although nothing has ended; `null` where nobody
  /// does.
  private final AtomicReference<@Nullable Look> nextLook = new AtomicReference<>();

  /// Makes the turnstile in front of some backends of equal weight.
  ///
  /// @param timer tells when there is room although nothing has ended; never used for long
  Turnstile(
      GateSettings settings,
      List<LimitSettings> limits,
      MonotonicClock clock,
      ScheduledExecutorService timer) {
    this.gate = new Gate(settings, limits);
    this.clock = clock;
    this.timer = timer;
  }

  /// Makes the turnstile in front of some backends.
  ///
  /// @param seed of the choices between them
  /// @param timer tells when there is room although nothing has ended; never used for long
  Turnstile(
      GateSettings settings,
      List<LaneSettings> lanes,
      long seed,
      MonotonicClock clock,
      ScheduledExecutorService timer) {
    this.gate = new Gate(settings, lanes, seed);
    this.clock = clock;
    this.timer = timer;
  }

  /// Waits until the request is admitted or refused; the pass then says which, and why. A thread
  /// that is interrupted while it waits is withdrawn, and stays interrupted.
  ///
  /// An admitted pass must be given to [#leave] exactly once.
  public void enter(Pass pass) {
    enter(pass, Gate::offer);
  }

  /// Does the same for a request that a backend has failed, whose pass there has left: it comes
  /// before all who wait, and goes to another backend.
  ///
  /// @param again the request's further pass
  public void enterAgain(Pass again) {
    enter(again, Gate::offerAgain);
  }

  /// Does the same for a request that is in flight, to be sent a second time beside that; nobody
  /// waits.
  ///
  /// @param beside the request's further pass
  public void enterBeside(Pass beside) {
    enter(beside, Gate::offerBeside);
  }

  private void enter(Pass pass, Offer offer) {
    Verdict verdict;
    Ticket decided;
    long untilRoomNanos;
    long now;
    lock.lock();
    try {
      now = clock.nanos();
      verdict = offer.make(gate, pass, now);
      decided = gate.takeDecided();
      untilRoomNanos = gate.untilRoomNanos(now);
    } finally {
      lock.unlock();
    }
    wake(decided);
    lookIn(untilRoomNanos, now);
    if (verdict == Verdict.WAITING) {
      await(pass);
    }
  }

  private void await(Pass pass) {
    boolean interrupted = false;
    while (!pass.isDecided()) {
      // An interrupted thread cannot park.
      if (Thread.interrupted()) {
        interrupted = true;
        withdraw(pass);
      } else if (pass.deadlineNanos() == Ticket.NO_DEADLINE) {
        LockSupport.park(this);
      } else {
        awaitUntilDeadline(pass);
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void awaitUntilDeadline(Pass pass) {
    long leftNanos = pass.deadlineNanos() - clock.nanos();
    if (leftNanos > 0) {
      LockSupport.parkNanos(this, leftNanos);
    } else {
      decide(Gate::advance);
    }
  }

  /// Tells whether any backend but this one is in rotation.
  public boolean hasOther(int lane) {
    lock.lock();
    try {
      return gate.hasOther(lane);
    } finally {
      lock.unlock();
    }
  }

  /// Tells whether any backend is in rotation that a request has not come to yet.
  ///
  /// @param last its last pass
  public boolean hasOther(Pass last) {
    lock.lock();
    try {
      return gate.hasOther(last);
    } finally {
      lock.unlock();
    }
  }

  /// Gives the permit of an admitted pass back.
  ///
  /// @param stalledNanos how much of the time the permit was held went into waiting for the caller
  public void leave(Pass pass, Outcome outcome, long stalledNanos) {
    decide((open, now) -> open.settle(pass, outcome, stalledNanos, now));
  }

  /// Notes that the answer to an admitted pass has begun, and may last. Does not block.
  public void answering(Pass pass) {
    decide((open, now) -> open.answering(pass, now));
  }

  /// Notes that an admitted pass waits for its caller, to send or to read, who may take long. Does
  /// not block.
  public void awaitsCaller(Pass pass) {
    if (pass.ramps()) {
      decide((open, now) -> open.awaitsCaller(pass, now));
    }
  }

  /// Notes that such a wait is over. Does not block.
  public void goesOn(Pass pass) {
    if (pass.ramps()) {
      decide((open, now) -> open.goesOn(pass));
    }
  }

  /// Sees to it that somebody looks at a moment at the latest: there is room then, and nobody else
  /// may come by.
  ///
  /// @param nanos how long after `nowNanos`; nothing is done where it is 0
  private void lookIn(long nanos, long nowNanos) {
    if (nanos <= 0) {
      return;
    }
    Look wanted = new Look(nowNanos + nanos);
    Look known = nextLook.get();
    while (known == null || wanted.atNanos - known.atNanos < -LOOK_NANOS_MIN) {
      if (nextLook.compareAndSet(known, wanted)) {
        long delayNanos = Math.max(LOOK_NANOS_MIN, nanos);
        var _ = timer.schedule(() -> look(wanted), delayNanos, TimeUnit.NANOSECONDS);
        return;
      }
      known = nextLook.get();
    }
  }

  private void look(Look own) {
    nextLook.compareAndSet(own, null);
    decide(Gate::advance);
  }

  /// Takes back the permits that were not given back long after they should have been, and gives
  /// how many there were.
  int takeBackLeaked() {
    int[] found = new int[1];
    decide((open, now) -> found[0] = open.takeBackLeaked(now));
    return found[0];
  }

  /// Takes a pass out of the queue because its caller has gone; one that is decided is left alone,
  /// and one that has not been offered yet will not be admitted.
  public void withdraw(Pass pass) {
    decide((open, now) -> open.withdraw(pass, now));
  }

  /// Takes a backend out of rotation.
  ///
  /// @param why what is wrong with it
  /// @param untilNanos when it is tried again
  public void close(int lane, Absence why, long untilNanos) {
    decide((open, now) -> open.close(lane, why, untilNanos, now));
  }

  /// Ends one reason why a backend is out of rotation; where it was the last, the backend comes
  /// back slowly.
  public void open(int lane, Absence why) {
    decide((gate, now) -> gate.open(lane, why, now));
  }

  /// Gives a backend no more requests, until it is taken back; those in flight are left alone.
  public void drain(int lane) {
    decide((open, now) -> open.close(lane, Absence.DRAINED, now + DRAINED_NANOS, now));
  }

  /// Gives a backend requests again that was drained.
  public void undrain(int lane) {
    open(lane, Absence.DRAINED);
  }

  /// Changes how far the gate acts upon its decisions, from now on.
  public void mode(Mode mode) {
    decide((open, now) -> open.mode(mode, now));
  }

  /// Gives how far the gate acts upon its decisions.
  public Mode mode() {
    lock.lock();
    try {
      return gate.mode();
    } finally {
      lock.unlock();
    }
  }

  /// Notes what a backend says of its own load, from 0 to 1.
  public void report(int lane, double utilization) {
    decide((open, now) -> open.report(lane, utilization, now));
  }

  /// Makes another limit hold for a backend, from now on.
  public void limit(int lane, LimitSettings limit) {
    decide((open, now) -> open.limit(lane, limit, now));
  }

  /// Gives the limit of a backend as it is set.
  public LimitSettings limit(int lane) {
    lock.lock();
    try {
      return gate.limit(lane);
    } finally {
      lock.unlock();
    }
  }

  /// Takes no new requests from now on.
  public void drain() {
    decide((open, now) -> open.drain());
  }

  /// Gives the present state.
  public GateSnapshot snapshot() {
    lock.lock();
    try {
      return gate.snapshot(clock.nanos());
    } finally {
      lock.unlock();
    }
  }

  private void decide(Change change) {
    Ticket decided;
    long untilRoomNanos;
    long now;
    lock.lock();
    try {
      now = clock.nanos();
      change.apply(gate, now);
      decided = gate.takeDecided();
      untilRoomNanos = gate.untilRoomNanos(now);
    } finally {
      lock.unlock();
    }
    wake(decided);
    lookIn(untilRoomNanos, now);
  }

  private static void wake(@Nullable Ticket chain) {
    Ticket ticket = chain;
    while (ticket != null) {
      // A woken thread may go on at once, so the link is read first.
      Ticket next = ticket.nextDecided();
      ((Pass) ticket).wake();
      ticket = next;
    }
  }

  /// A look that is due at a moment.
  private record Look(long atNanos) {}

  /// An offer at the gate.
  @FunctionalInterface
  private interface Offer {
    Verdict make(Gate gate, Pass pass, long nowNanos);
  }

  /// A call on the gate.
  @FunctionalInterface
  private interface Change {
    void apply(Gate gate, long nowNanos);
  }
}
