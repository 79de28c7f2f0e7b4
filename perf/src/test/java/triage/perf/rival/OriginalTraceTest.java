package triage.perf.rival;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What the originals in Go answered when they were put before the same backend, step by step.
///
/// Recorded from failsafe-go 5759a5e through its `record`, and from go-zero 11f2109 with its
/// clock and its processor gate replaced. The backend has 20 servers; a request takes 25 to 75 ms
/// by a generator that is easy to write in any language, thrice as long in the second and fourth
/// quarter. Of 200 000 endings each five thousandth shows the limit.
class OriginalTraceTest {
  private static final int SERVERS = 20;
  private static final int STEPS = 200_000;
  private static final long SERVICE_NANOS = 50_000_000;

  private record Request(long start, long end) {}

  @Test
  void failsafe() {
    assertThat(limits(Rivals.fresh("failsafe", 1), 200))
        .containsExactly(
            20.0, 23.0, 26.0, 7.0, 26.0, 33.0, 40.0, 30.0, 15.0, 23.0, 31.0, 28.0, 23.0, 37.0, 27.0,
            27.0, 30.0, 18.0, 36.0, 9.0, 39.0, 53.0, 64.0, 71.0, 76.0, 65.0, 52.0, 38.0, 25.0, 10.0,
            27.0, 28.0, 27.0, 31.0, 27.0, 19.0, 36.0, 9.0, 42.0, 21.0);
  }

  @Test
  void gozeroForced() {
    assertThat(limits(Rivals.fresh("gozero-forced", 1), 5 * SERVERS))
        .containsExactly(
            10.0, 78.6, 120.6, 127.2, 107.4, 131.4, 122.4, 121.8, 113.4, 132.0, 123.6, 216.32,
            133.4, 126.4, 260.4, 269.2, 201.62, 118.2, 234.8, 196.16, 173.6, 127.2, 139.2, 125.4,
            127.2, 104.4, 128.4, 122.4, 129.0, 120.6, 136.2, 241.2, 143.22, 120.8, 125.4, 126.42,
            188.16, 124.8, 121.6, 169.94);
  }

  private static List<Double> limits(Rival rival, int inFlightMax) {
    List<Double> limits = new ArrayList<>();
    ArrayDeque<Request> inFlight = new ArrayDeque<>();
    long[] free = new long[SERVERS];
    int server = 0;
    long now = 0;
    long random = 12_345;
    for (int step = 0; step < STEPS; step++) {
      while (inFlight.size() < inFlightMax && rival.tryAcquire(0, now)) {
        random = random * 6364136223846793005L + 1442695040888963407L;
        long service = SERVICE_NANOS / 2 + (random >>> 33) % SERVICE_NANOS;
        boolean isSlow = step / (STEPS / 4) % 2 == 1;
        free[server] = Math.max(free[server], now) + (isSlow ? service * 3 : service);
        inFlight.add(new Request(now, free[server]));
        server = (server + 1) % SERVERS;
      }
      Request request = inFlight.remove();
      now = Math.max(now, request.end());
      rival.release(request.start(), Ending.SUCCESS, now);
      if (step % (STEPS / 40) == 0) {
        limits.add(Math.round(rival.limit() * 100) / 100.0);
      }
    }
    return limits;
  }
}
