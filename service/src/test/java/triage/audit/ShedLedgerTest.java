package triage.audit;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class ShedLedgerTest {
  private static final Instant START = Instant.parse("2026-11-23T10:00:00Z");

  private final GapLedger gaps = new GapLedger();
  private final List<ShedLedger.Count> taken = new ArrayList<>();

  @Test
  void countsShedsAlikeWithinAWindow() {
    ShedLedger ledger = new ShedLedger(10, gaps);
    for (int i = 0; i < 5; i++) {
      ledger.count(key("a", "shed-pressure"), START.plusSeconds(i));
    }
    ledger.count(key("b", "shed-pressure"), START);
    ledger.count(key("a", "quota"), START);
    ledger.count(key("a", "shed-pressure"), START.plusSeconds(10));
    ledger.handOver(START.plusSeconds(10), taken::add);
    assertThat(taken)
        .containsExactlyInAnyOrder(
            new ShedLedger.Count(START, key("a", "shed-pressure"), 5),
            new ShedLedger.Count(START, key("b", "shed-pressure"), 1),
            new ShedLedger.Count(START, key("a", "quota"), 1));
    assertThat(ledger.keys()).isEqualTo(1);
  }

  @Test
  void keepsAWindowUntilItHasEnded() {
    ShedLedger ledger = new ShedLedger(10, gaps);
    ledger.count(key("a", "quota"), START);
    ledger.handOver(START.plusMillis(9_999), taken::add);
    assertThat(taken).isEmpty();
    ledger.handOverAll(taken::add);
    assertThat(taken).hasSize(1);
  }

  @Test
  void keepsWhatThereIsNoRoomFor() {
    ShedLedger ledger = new ShedLedger(10, gaps);
    ledger.count(key("a", "quota"), START);
    ledger.count(key("a", "quota"), START);
    ledger.handOver(START.plusSeconds(10), _ -> false);
    ledger.handOver(START.plusSeconds(20), taken::add);
    assertThat(taken).containsExactly(new ShedLedger.Count(START, key("a", "quota"), 2));
  }

  @Test
  void countsTogetherWhatIsTooMuchToTellApart() {
    ShedLedger ledger = new ShedLedger(3, gaps);
    for (int i = 0; i < 10; i++) {
      ledger.count(key("caller-" + i, "quota"), START);
    }
    ledger.count(key("caller-1", "quota"), START);
    ledger.handOverAll(taken::add);
    assertThat(taken)
        .contains(
            new ShedLedger.Count(START, key("caller-1", "quota"), 2),
            new ShedLedger.Count(START, new ShedKey("other", null, "other", "quota"), 7))
        .hasSize(4);
  }

  @Test
  void neverHoldsMoreThanTwiceItsKeysAndCountsTheRestAsAGap() {
    ShedLedger ledger = new ShedLedger(3, gaps);
    for (int window = 0; window < 100; window++) {
      for (int i = 0; i < 5; i++) {
        ledger.count(key("caller-" + i, "quota"), START.plusSeconds(10L * window));
      }
    }
    assertThat(ledger.keys()).isEqualTo(6);
    ledger.handOverAll(taken::add);
    long counted = taken.stream().mapToLong(ShedLedger.Count::n).sum();
    GapLedger.Gap gap = gaps.take().getFirst();
    assertThat(gap.cause()).isEqualTo(GapCause.SHEDS_UNCOUNTED);
    assertThat(counted + gap.n()).isEqualTo(500);
    assertThat(gap.to()).isEqualTo(START.plusSeconds(990));
  }

  @Test
  void countsEveryShedOnceWhileWindowsAreHandedOver() throws Exception {
    // The size of a map is an estimate while others change it: 7 keys may look like hundreds.
    ShedLedger ledger = new ShedLedger(1_000_000, gaps);
    ConcurrentLinkedQueue<ShedLedger.Count> rows = new ConcurrentLinkedQueue<>();
    AtomicInteger running = new AtomicInteger(4);
    List<Thread> threads = new ArrayList<>();
    for (int t = 0; t < 4; t++) {
      int seed = t;
      threads.add(
          Thread.ofPlatform()
              .start(() -> {
                for (int i = 0; i < 100_000; i++) {
                  ledger.count(key("caller-" + (i + seed) % 7, "quota"), START);
                }
                running.decrementAndGet();
              }));
    }
    int tries = 0;
    while (running.get() > 0) {
      // Every other hand-over finds no room for its second count.
      int even = tries++ % 2;
      int[] room = {even == 0 ? 100 : 1};
      ledger.handOver(START.plusSeconds(10), count -> room[0]-- > 0 && rows.add(count));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    ledger.handOverAll(rows::add);
    Map<String, Long> sums = new HashMap<>();
    rows.forEach(count -> sums.merge(count.key().caller(), count.n(), Long::sum));
    assertThat(sums).hasSize(7);
    assertThat(sums.values().stream().mapToLong(Long::longValue).sum()).isEqualTo(400_000);
  }

  private static ShedKey key(String caller, String reason) {
    return new ShedKey(caller, "study-1", "breast-cancer", reason);
  }
}
