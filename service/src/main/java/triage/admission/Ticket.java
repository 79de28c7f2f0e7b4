package triage.admission;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// One request's place at a gate, from offer to settlement.
///
/// A ticket is used once, for one gate. It is a node of the gate's own lists, so that waiting makes
/// no garbage. Owners subclass it to carry whom to wake.
///
/// **Threads**: guarded by the lock of the gate's owner; after the gate has handed a decided ticket
/// out, its results may be read by the thread that it was handed to.
public class Ticket {
  /// Where a ticket stands.
  public enum State {
    /// Not yet offered.
    NEW,
    /// In the queue.
    WAITING,
    /// Holds a permit.
    ADMITTED,
    /// Refused, on entry or by displacement.
    SHED,
    /// Its deadline passed while it waited.
    EXPIRED,
    /// Its owner took it out of the queue.
    WITHDRAWN,
    /// Its permit was given back.
    SETTLED,
    /// Its permit was not given back in time, and was taken back.
    LEAKED
  }

  /// The deadline of a request that waits as long as it takes.
  public static final long NO_DEADLINE = Long.MAX_VALUE;

  private static final int[] NO_LANES = {};

  private final String tenant;
  private final Criticality criticality;
  private final long deadlineNanos;
  private final int[] earlierLanes;

  State state = State.NEW;
  @Nullable Reason reason;
  long retryAfterNanos;
  int lane = -1;
  boolean gone;
  private volatile long aliveNanos = Long.MIN_VALUE;
  private volatile long answeredNanos = Long.MAX_VALUE;
  private volatile boolean kept;
  long offeredNanos;
  long decidedNanos;

  @Nullable Ticket before;
  @Nullable Ticket after;
  @Nullable Ticket nextDecided;
  @Nullable Ticket heldBefore;
  @Nullable Ticket heldAfter;
  int heapIndex = -1;
  @Nullable TenantLine line;
  double chargedNanos;
  long phase = Rounds.NONE;
  long order;

  /// How often its backend had come back when it was admitted.
  int returns;

  boolean ramps;

  /// For how many things at a time its caller is waited for; less than none where the end of a wait
  /// was told before its beginning.
  int callerWaits;

  @Nullable TunedLimit taught;

  /// Makes the ticket of one request.
  ///
  /// @param tenant who shares fairly with whom, such as the caller's name
  /// @param criticality the class it is queued in
  /// @param deadlineNanos the moment on the gate's clock after which nobody waits for an answer, or
  ///     [#NO_DEADLINE]
  public Ticket(String tenant, Criticality criticality, long deadlineNanos) {
    this.tenant = tenant;
    this.criticality = criticality;
    this.deadlineNanos = deadlineNanos;
    this.earlierLanes = NO_LANES;
  }

  /// Makes the ticket of a further try of the same request, which goes to none of the backends that
  /// it has come to before.
  ///
  /// @param earlier the ticket of the try before it, which was admitted
  public Ticket(Ticket earlier) {
    this.tenant = earlier.tenant;
    this.criticality = earlier.criticality;
    this.deadlineNanos = earlier.deadlineNanos;
    int known = earlier.earlierLanes.length;
    this.earlierLanes = Arrays.copyOf(earlier.earlierLanes, known + 1);
    this.earlierLanes[known] = earlier.lane;
  }

  /// Gives who shares fairly with whom.
  public final String tenant() {
    return tenant;
  }

  /// Gives the class this ticket is queued in.
  public final Criticality criticality() {
    return criticality;
  }

  /// Gives the moment, in nanoseconds on the gate's clock, after which nobody waits for an answer.
  public final long deadlineNanos() {
    return deadlineNanos;
  }

  /// Gives where this ticket stands.
  public final State state() {
    return state;
  }

  /// Gives why the ticket was not admitted, or `null` if it was or still waits.
  public final @Nullable Reason reason() {
    return reason;
  }

  /// Gives the nanoseconds after which a new try is likely to pass; 0 if a new try makes no sense.
  public final long retryAfterNanos() {
    return retryAfterNanos;
  }

  /// Gives the index of the backend that the permit is for; -1 without a permit.
  public final int lane() {
    return lane;
  }

  /// Tells whether its request has come to a backend, with this ticket or an earlier one.
  final boolean hasComeTo(int index) {
    for (int earlier : earlierLanes) {
      if (earlier == index) {
        return true;
      }
    }
    return lane == index;
  }

  /// Tells whether its backend was coming back when it was admitted.
  public final boolean ramps() {
    return ramps;
  }

  /// Gives the nanoseconds between the offer and the decision.
  public final long waitNanos() {
    return decidedNanos - offeredNanos;
  }

  /// Gives the next ticket of the chain that [Gate#takeDecided()] handed out.
  public final @Nullable Ticket nextDecided() {
    return nextDecided;
  }

  /// Says that the request it admitted is still under way, as one whose answer lasts beyond its
  /// deadline does. May be called by any thread, without the gate's lock.
  public final void alive(long nowNanos) {
    aliveNanos = nowNanos;
  }

  /// Says that the answer to the request it admitted begins, which is what the deadline is for: how
  /// long the rest of a stream takes is no matter of it. May be called by any thread, without the
  /// gate's lock.
  public final void answered(long nowNanos) {
    answeredNanos = nowNanos;
  }

  /// Gives after how much of the time its permit was held its answer began: all of it, where nobody
  /// has said.
  final long untilAnsweredNanos(long permitNanos) {
    long answered = answeredNanos;
    return answered == Long.MAX_VALUE
        ? permitNanos
        : Math.clamp(answered - decidedNanos, 0, permitNanos);
  }

  /// Tells whether its answer has begun.
  final boolean isAnswered() {
    return answeredNanos != Long.MAX_VALUE;
  }

  /// Says that its permit is held for work that cannot be interrupted, however long that takes. May
  /// be called by any thread, without the gate's lock.
  public final void keep() {
    kept = true;
  }

  final boolean hasLeakedBy(long nanos) {
    return deadlineNanos != NO_DEADLINE && !kept && Math.max(deadlineNanos, aliveNanos) < nanos;
  }

  /// Tells whether it waits as long as it takes.
  final boolean isPatient() {
    return deadlineNanos == NO_DEADLINE;
  }

  /// Gives the nanoseconds between the offer and the deadline.
  final long patienceNanos() {
    return deadlineNanos - offeredNanos;
  }

  final boolean expiredBy(long nowNanos) {
    return deadlineNanos != NO_DEADLINE && nowNanos - deadlineNanos >= 0;
  }

  /// Gives the line of its tenant, once it was offered.
  final TenantLine tenantLine() {
    TenantLine known = line;
    if (known == null) {
      throw new IllegalStateException("ticket without a line");
    }
    return known;
  }
}
