package triage.admission;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// A backend with some slots of even work that those who wait for an answer share with a backlog of
/// jobs, in virtual time.
final class SharedBackendTest {
  private static final long SECONDS = 1_000_000_000;
  private static final long WORK = 360_000_000;

  /// How long the way to the backend and back takes.
  private static final long WAY = 2_000_000;

  private static final long JOBS_FROM = 100 * SECONDS;
  private static final long END = 400 * SECONDS;
  private static final int RUNS = 8;

  /// The last part of a run.
  private static final long LAST = 100 * SECONDS;

  /// A request, or a job, and when it came.
  private static final class Call extends Ticket {
    final long came;

    Call(String tenant, Criticality criticality, long came, long deadline) {
      super(tenant, criticality, deadline);
      this.came = came;
    }
  }

  /// What comes.
  ///
  /// @param requests with a deadline, as a share of what the fewest slots can do
  /// @param patience how long their callers wait
  /// @param jobEvery the time between jobs; 0 where there is a backlog of them
  /// @param jobTenant whose the jobs are; the requests are of `t`
  /// @param jobClass the class of the jobs; the requests are CRITICAL_PLUS
  private record Load(
      double requests, long patience, long jobEvery, String jobTenant, Criticality jobClass) {}

  private static final Load PEAK = new Load(.25, 30 * SECONDS, 0, "t", Criticality.CRITICAL_PLUS);

  private record End(long at, Call call) {}

  private final PriorityQueue<End> ends = new PriorityQueue<>(Comparator.comparingLong(End::at));
  private final PriorityQueue<Long> slots = new PriorityQueue<>();
  private final List<Long> calm = new ArrayList<>();
  private final List<Long> busy = new ArrayList<>();
  private Gate gate = newGate();
  private Random random = new Random(1);
  private long now;
  private int jobsInHand;
  private long jobsFrom = JOBS_FROM;
  private int jobsServed;
  private int requestsWaiting;
  private int inTimeAtLast;
  private Load load = PEAK;

  @ParameterizedTest
  @CsvSource({"4, 1.45", "16, 1.5"})
  void jobsTakeLittleTimeFromThoseWhoWaitForAnAnswer(int capacity, double longer) {
    for (long seed = 1; seed <= RUNS; seed++) {
      run(seed, capacity, capacity);
    }

    double seconds = RUNS * (END - JOBS_FROM) / (double) SECONDS;
    double left = capacity * seconds * SECONDS / WORK - busy.size();
    assertThat((double) quantile(busy)).isLessThan(longer * quantile(calm));
    assertThat(jobsServed / left).isGreaterThan(.93);
  }

  @ParameterizedTest
  @CsvSource({"1, 4, 16", "2, 4, 16", "1, 16, 4", "2, 16, 4"})
  void jobsFollowWhatTheBackendCanDo(long seed, int before, int after) {
    run(seed, before, after);

    double slotSeconds = before * 150.0 + after * 150.0;
    double done = (jobsServed + busy.size()) * (double) WORK / SECONDS;
    assertThat(done / slotSeconds).isGreaterThan(.88);
    assertThat(gate.snapshot(now).lanes().getFirst().capacity()).isBetween(.7 * after, 1.5 * after);
  }

  /// A trickle of jobs, and requests that fill the limit by themselves.
  @ParameterizedTest
  @CsvSource({"1, CRITICAL_PLUS", "2, CRITICAL_PLUS", "3, SHEDDABLE"})
  void requestsFindRoomBesideAFewJobs(long seed, Criticality jobClass) {
    load = new Load(9, 2 * SECONDS, 3 * SECONDS, "t", jobClass);

    run(seed, 4, 16);

    double possible = 16.0 * LAST / WORK;
    assertThat(inTimeAtLast / possible).isGreaterThan(.85);
  }

  /// Checked at each event: nobody with a deadline waits while there is room.
  @ParameterizedTest
  @CsvSource({"1, CRITICAL_PLUS", "2, CRITICAL_PLUS", "1, SHEDDABLE", "2, SHEDDABLE"})
  void nobodyWithADeadlineWaitsBehindAJobThatIsHeldBack(long seed, Criticality jobClass) {
    load = new Load(.7, 30 * SECONDS, 0, "other", jobClass);

    run(seed, 16, 16);

    assertThat(jobsServed).isPositive();
  }

  private static Gate newGate() {
    return new Gate(new GateSettings(1000), List.of(LimitSettings.selfTuning(2000)));
  }

  /// Runs with so many slots until the middle of the busy time, and so many from then on.
  private void run(long seed, int before, int after) {
    random = new Random(seed);
    gate = newGate();
    ends.clear();
    slots.clear();
    now = 0;
    jobsInHand = 0;
    jobsFrom = JOBS_FROM;
    requestsWaiting = 0;
    long gap = (long) (WORK / (load.requests() * Math.min(before, after)));
    long middle = (JOBS_FROM + END) / 2;
    boolean changed = false;
    set(before);
    for (long next = after(gap); now < END; ) {
      long untilRoom = gate.waiting() > 0 ? gate.untilRoomNanos(now) : 0;
      long room = untilRoom > 0 ? now + untilRoom : Long.MAX_VALUE;
      long end = ends.isEmpty() ? Long.MAX_VALUE : ends.peek().at();
      now = Math.min(Math.min(next, end), room);
      if (!changed && now >= middle) {
        changed = true;
        set(after);
      }
      if (now == end) {
        ended(ends.remove().call());
      } else if (now == next) {
        offer(new Call("t", Criticality.CRITICAL_PLUS, now, now + load.patience()));
        next = after(gap);
      } else {
        gate.advance(now);
      }
      handOut();
      claimJobs();
      if (requestsWaiting > 0) {
        assertThat(gate.inFlight())
            .isGreaterThanOrEqualTo(gate.snapshot(now).lanes().getFirst().limit());
      }
    }
  }

  private long after(long gap) {
    return now + (long) (-Math.log(1 - random.nextDouble()) * gap);
  }

  /// Makes so many slots; what has been dispatched before ends as it would have.
  private void set(int capacity) {
    while (slots.size() < capacity) {
      slots.add(now);
    }
    while (slots.size() > capacity) {
      slots.remove();
    }
  }

  private void ended(Call call) {
    if (call.isPatient()) {
      jobsInHand--;
      jobsServed++;
    } else if (now < JOBS_FROM) {
      calm.add(now - call.came);
    } else {
      busy.add(now - call.came);
    }
    boolean inTime = now <= call.deadlineNanos();
    inTimeAtLast += inTime && now >= END - LAST ? 1 : 0;
    gate.settle(call, inTime ? Outcome.SERVED : Outcome.OVERLOADED, 0, now);
  }

  private void claimJobs() {
    int room = gate.snapshot(now).lanes().getFirst().patientLimit();
    while (now >= jobsFrom && jobsInHand < room) {
      jobsInHand++;
      jobsFrom = Math.max(jobsFrom, now + load.jobEvery());
      offer(new Call(load.jobTenant(), load.jobClass(), now, Ticket.NO_DEADLINE));
    }
  }

  private void offer(Call call) {
    if (gate.offer(call, now) != Verdict.WAITING) {
      decided(call);
    } else if (!call.isPatient()) {
      requestsWaiting++;
    }
    handOut();
  }

  private void handOut() {
    for (Ticket ticket = gate.takeDecided(); ticket != null; ) {
      Ticket next = ticket.nextDecided();
      requestsWaiting -= ((Call) ticket).isPatient() ? 0 : 1;
      decided((Call) ticket);
      ticket = next;
    }
  }

  /// Dispatches it; a job that was shed goes back, and no other is claimed for a while.
  private void decided(Call call) {
    if (call.state() == Ticket.State.ADMITTED) {
      dispatch(call);
    } else if (call.isPatient()) {
      jobsInHand--;
      jobsFrom = now + SECONDS / 4;
    } else if (load == PEAK) {
      assertThat(now).as("shed beside jobs: " + call.reason()).isLessThan(JOBS_FROM);
    }
  }

  private void dispatch(Call call) {
    long begun = Math.max(slots.remove(), now);
    long ended = begun + (long) (WORK * (1 + .01 * random.nextGaussian()));
    slots.add(ended);
    ends.add(new End(ended + WAY, call));
  }

  private static long quantile(List<Long> times) {
    Collections.sort(times);
    return times.get((int) (times.size() * .99));
  }
}
