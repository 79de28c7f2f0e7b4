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

  /// A request, or a job, and when it came.
  private static final class Call extends Ticket {
    final long came;

    Call(long came, boolean job) {
      super("t", Criticality.CRITICAL_PLUS, job ? NO_DEADLINE : came + 30 * SECONDS);
      this.came = came;
    }
  }

  private record End(long at, Call call) {}

  private final PriorityQueue<End> ends = new PriorityQueue<>(Comparator.comparingLong(End::at));
  private final PriorityQueue<Long> slots = new PriorityQueue<>();
  private final List<Long> calm = new ArrayList<>();
  private final List<Long> busy = new ArrayList<>();
  private Gate gate = newGate();
  private Random random = new Random();
  private long now;
  private int jobsInHand;
  private long jobsFrom = JOBS_FROM;
  private int jobsServed;

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
    long gap = (long) (20.0 * WORK / (5 * Math.min(before, after)));
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
        offer(new Call(now, false));
        next = after(gap);
      } else {
        gate.advance(now);
      }
      handOut();
      claimJobs();
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
    gate.settle(call, Outcome.SERVED, 0, now);
  }

  private void claimJobs() {
    int room = gate.snapshot(now).lanes().getFirst().limit();
    while (now >= jobsFrom && jobsInHand < room) {
      jobsInHand++;
      offer(new Call(now, true));
    }
  }

  private void offer(Call call) {
    if (gate.offer(call, now) != Verdict.WAITING) {
      decided(call);
    }
    handOut();
  }

  private void handOut() {
    for (Ticket ticket = gate.takeDecided(); ticket != null; ) {
      Ticket next = ticket.nextDecided();
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
    } else {
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
