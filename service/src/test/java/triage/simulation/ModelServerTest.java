package triage.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import triage.admission.Criticality;

final class ModelServerTest {
  private static final long SECOND = 1_000_000_000;

  @Test
  void slotsWorkInTheOrderOfArrival() {
    SlotServer server = new SlotServer(1);
    take(server, 2, 0);
    take(server, 1, 0);

    assertThat(ends(server)).containsExactly(2 * SECOND, 3 * SECOND);
  }

  @Test
  void aSlowServerTakesAMultipleOfTheTime() {
    SlotServer server = new SlotServer(2, 5);
    take(server, 1, 0);
    take(server, 1, 0);

    assertThat(ends(server)).containsExactly(5 * SECOND, 5 * SECOND);
  }

  @Test
  void whatAFormerGatewayLeftBehindIsWorkedOnFirst() {
    SlotServer server = new SlotServer(2);
    server.occupy(4, SECOND, 0);
    take(server, 1, 0);

    assertThat(ends(server)).containsExactly(SECOND, SECOND, 2 * SECOND, 2 * SECOND, 3 * SECOND);
  }

  @Test
  void aServerThatSharesItsSpeedEndsAllAtOnce() {
    SharingServer server = new SharingServer(1, load -> Math.min(1, load));
    take(server, 1, 0);
    take(server, 1, 0);

    assertThat(ends(server)).containsExactly(2 * SECOND, 2 * SECOND);
  }

  @Test
  void aRateLimitLetsABurstPassAndThenOneForEachToken() {
    RateLimitedServer server = new RateLimitedServer(new SlotServer(100), 2, 3);
    List<Boolean> taken = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      taken.add(take(server, 1, 0));
    }
    taken.add(take(server, 1, SECOND / 4));
    taken.add(take(server, 1, SECOND / 2));
    taken.add(take(server, 1, SECOND / 2));

    assertThat(taken).containsExactly(true, true, true, false, false, false, true, false);
  }

  @Test
  void aFullBucketHoldsNoMoreThanItsBurst() {
    RateLimitedServer server = new RateLimitedServer(new SlotServer(100), 10, 2);
    int taken = 0;
    for (int i = 0; i < 5; i++) {
      taken += take(server, 1, 60 * SECOND) ? 1 : 0;
    }

    assertThat(taken).isEqualTo(2);
  }

  @Test
  void aBoundedServerRefusesWhatItHasNoPlaceFor() {
    BoundedServer server = new BoundedServer(1, 1);

    assertThat(take(server, 1, 0)).isTrue();
    assertThat(take(server, 1, 0)).isTrue();
    assertThat(take(server, 1, 0)).isFalse();
    server.finish(SECOND);
    assertThat(take(server, 1, SECOND)).isTrue();
    server.capacity(2, SECOND);
    assertThat(take(server, 1, SECOND)).isTrue();
    assertThat(take(server, 1, SECOND)).isFalse();
    assertThat(ends(server)).containsExactly(2 * SECOND, 2 * SECOND, 3 * SECOND);
  }

  @Test
  void whatFailsIsOverSoonAndNeedsNoSlot() {
    FailingServer server = new FailingServer(new SlotServer(1), 1, 5, new Chance(1));
    take(server, 1, 0);
    take(server, 1, 0);

    assertThat(ends(server)).containsExactly(5L, 5L);
  }

  @Test
  void theGivenShareFails() {
    FailingServer server = new FailingServer(new SlotServer(10_000), .3, 5, new Chance(1));
    for (int i = 0; i < 1_000; i++) {
      take(server, 1, 0);
    }

    assertThat(ends(server).stream().filter(end -> end == 5).count()).isBetween(250L, 350L);
  }

  private static boolean take(ModelServer server, double seconds, long now) {
    return server.take(
        new Arrival(0, "tenant", Criticality.CRITICAL, now, Long.MAX_VALUE, seconds * 1e9, 1), now);
  }

  private static List<Long> ends(ModelServer server) {
    List<Long> ends = new ArrayList<>();
    for (long at = server.nextNanos(); at != Long.MAX_VALUE; at = server.nextNanos()) {
      @Nullable Arrival done = server.finish(at);
      assertThat(done).isNotNull();
      ends.add(at);
    }
    return ends;
  }
}
