package triage.perf.live;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// Slots and the queue before them, by a clock of our own.
class SlotQueueTest {
  private static final long SERVICE = 20;

  private final Set<Integer> abandoned = new HashSet<>();
  private long service = SERVICE;
  private final SlotQueue<Integer> queue =
      new SlotQueue<>(2, job -> service, abandoned::contains, 5);

  @Test
  void asManyRunAsThereAreSlots() {
    arrive(0, 1, 2, 3);

    assertThat(queue.running()).isEqualTo(2);
    assertThat(queue.waiting()).isEqualTo(1);
    assertThat(queue.nextEndNanos()).isEqualTo(20);
    assertThat(ended(19)).isEmpty();
    assertThat(ended(20)).containsExactly(1, 2);
    assertThat(queue.nextEndNanos()).isEqualTo(40);
    assertThat(ended(40)).containsExactly(3);
    assertThat(queue.nextEndNanos()).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void theNextBeginsWhenTheLastEndsAndNotWhenThatIsSeen() {
    arrive(0, 1, 2, 3, 4, 5);

    assertThat(ended(45)).containsExactly(1, 2, 3, 4);
    assertThat(queue.nextEndNanos()).isEqualTo(60);
    assertThat(queue.started()).isEqualTo(5);
    // 3 and 4 should have begun 25 earlier; 5 within what is allowed.
    assertThat(queue.lateStarts()).isEqualTo(2);
  }

  @Test
  void capacityIsSlotsOverServiceTimeHoweverSeldomOneLooks() {
    for (int job = 0; job < 1000; job++) {
      queue.arrive(job, 0);
    }
    int served = 0;
    for (long now = 0; now <= 2000; now += 7) {
      served += ended(now).size();
    }
    assertThat(served).isEqualTo(198);
    assertThat(ended(2000)).hasSize(2);
  }

  @Test
  void moreSlotsTakeFromTheQueueAtOnce() {
    arrive(0, 1, 2, 3, 4);

    queue.slots(4, 7);

    assertThat(queue.running()).isEqualTo(4);
    assertThat(ended(26)).containsExactly(1, 2);
    assertThat(ended(27)).containsExactly(3, 4);
  }

  @Test
  void slotsThatAreTakenAwayFinishWhatTheyHaveBegun() {
    arrive(0, 1, 2, 3, 4);

    queue.slots(1, 7);

    assertThat(ended(20)).containsExactly(1, 2);
    assertThat(queue.running()).isEqualTo(1);
    assertThat(ended(40)).containsExactly(3);
    assertThat(ended(60)).containsExactly(4);
  }

  @Test
  void aLongerServiceHoldsForWhatBeginsAfterwards() {
    arrive(0, 1, 2);
    service = 100;
    arrive(0, 3);

    assertThat(ended(20)).containsExactly(1, 2);
    assertThat(ended(119)).isEmpty();
    assertThat(ended(120)).containsExactly(3);
  }

  @Test
  void whatIsAbandonedLeavesTheQueueAndStaysInItsSlot() {
    arrive(0, 1, 2, 3, 4);
    abandoned.add(1);
    abandoned.add(3);

    assertThat(ended(20)).containsExactly(1, 2);
    assertThat(ended(40)).containsExactly(4);
    assertThat(queue.started()).isEqualTo(3);
  }

  @Test
  void theMostThatWereInsideIsKeptUntilItIsForgotten() {
    arrive(0, 1, 2, 3);
    ended(20);

    assertThat(queue.insideMax(false)).isEqualTo(3);
    assertThat(queue.insideMax(true)).isEqualTo(3);
    assertThat(queue.insideMax(true)).isEqualTo(1);
  }

  private void arrive(long now, int... jobs) {
    for (int job : jobs) {
      queue.arrive(job, now);
    }
  }

  private List<Integer> ended(long now) {
    List<Integer> ended = new ArrayList<>();
    for (Integer job = queue.poll(now); job != null; job = queue.poll(now)) {
      ended.add(job);
    }
    return ended;
  }
}
