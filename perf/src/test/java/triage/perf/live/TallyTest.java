package triage.perf.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// What becomes of requests, counted.
class TallyTest {
  private static final long MS = 1_000_000;
  private static final long SECOND = 1000 * MS;

  // One second of warm-up, sections of two seconds and one.
  private final Plan plan =
      new Plan(
          new InetSocketAddress(InetAddress.getLoopbackAddress(), 1),
          "/",
          "",
          "",
          "",
          List.of(traffic("urgent"), traffic("other")),
          1,
          1,
          List.of(2, 1),
          10,
          500_000);
  private final Tally tally = new Tally(plan);

  private static Traffic traffic(String name) {
    return new Traffic(name, "", 10, 0, 3, 500 * MS, 250 * MS, 0);
  }

  @Test
  void anAnswerIsWhatItsCallerSees() {
    assertThat(tally.answered(0, 0, 500 * MS, 200, "")).isEqualTo(Outcome.GOOD);
    assertThat(tally.answered(0, 0, 500 * MS + 1, 200, "")).isEqualTo(Outcome.LATE);
    assertThat(tally.answered(0, 0, MS, 429, "shed-priority")).isEqualTo(Outcome.SHED);
    assertThat(tally.answered(0, 0, MS, 500, "")).isEqualTo(Outcome.ERROR);
  }

  @Test
  void refusalsHaveTimesOfTheirOwn() {
    tally.answered(0, 1500 * MS, 1600 * MS, 503, "");
    tally.answered(0, 1500 * MS, 1700 * MS, 503, "shed-pressure");
    tally.answered(0, 1500 * MS, 1800 * MS, 200, "");

    assertThat(tally.refused(0, 0).getTotalCount()).isEqualTo(2);
    assertThat(tally.refused(0, 0).getMaxValue() / 1e3).isCloseTo(200, within(0.6));
    assertThat(tally.served(0, 0).getTotalCount()).isEqualTo(1);
  }

  @Test
  void goodputBelongsToTheSecondOfTheAnswerAndAllElseToThatOfTheArrival() {
    tally.sent(1, 1900 * MS, 1900 * MS);
    tally.answered(1, 1900 * MS, 2100 * MS, 200, "");

    assertThat(tally.second(1, 1)).isEqualTo(second(1, 0, 1, 0));
    assertThat(tally.second(1, 2)).isEqualTo(second(0, 1, 0, 0));
    assertThat(tally.second(0, 1)).isEqualTo(second(0, 0, 0, 0));
  }

  @Test
  void aLatencyRunsFromTheIntendedArrivalHoweverLateItWasSent() {
    tally.sent(0, 1500 * MS, 1800 * MS);
    tally.answered(0, 1500 * MS, 1900 * MS, 200, "");

    assertThat(tally.served(0, 0).getMaxValue() / 1e3).isCloseTo(400, within(0.6));
    assertThat(tally.lateness(0).getMaxValue() / 1e3).isCloseTo(300, within(0.6));
    assertThat(tally.lateness(1).getTotalCount()).isZero();
  }

  @Test
  void whatIsGivenUpHasTheLimitForItsLatency() {
    tally.sent(0, 3500 * MS, 3500 * MS);
    tally.timedOut(0, 3500 * MS);

    assertThat(tally.served(0, 1).getMaxValue() / 1e3).isCloseTo(750, within(0.6));
    assertThat(tally.second(0, 3)).isEqualTo(second(1, 0, 0, 1));
  }

  @Test
  void theWarmUpIsInTheSecondsAndNowhereElse() {
    tally.sent(0, 0, 900 * MS);
    tally.answered(0, 0, 950 * MS, 429, "shed-priority");

    assertThat(tally.second(0, 0).offered()).isEqualTo(1);
    assertThat(tally.lateness().getTotalCount()).isZero();
    assertThat(tally.reasons(0, 0)).isEmpty();
    assertThat(tally.isVoid()).isFalse();
  }

  @Test
  void reasonsAreCountedByClassAndSection() {
    tally.answered(0, SECOND, SECOND, 429, "shed-priority");
    tally.answered(0, SECOND, SECOND, 429, "shed-priority");
    tally.answered(0, SECOND, SECOND, 502, "");
    tally.failed(0, SECOND, "closed");
    tally.answered(1, 3 * SECOND, 3 * SECOND, 503, "draining");

    assertThat(tally.reasons(0, 0))
        .isEqualTo(Map.of("shed-priority", 2L, "status-502", 1L, "closed", 1L));
    assertThat(tally.reasons(1, 0)).isEmpty();
    assertThat(tally.reasons(1, 1)).isEqualTo(Map.of("draining", 1L));
  }

  @Test
  void aRunWhoseGeneratorWasLateIsVoid() {
    for (int i = 0; i < 99; i++) {
      tally.sent(0, SECOND, SECOND + MS);
    }
    tally.sent(0, SECOND, SECOND + 300 * MS);
    assertThat(tally.isVoid()).isFalse();

    tally.sent(0, 3 * SECOND, 3 * SECOND + 21 * MS);
    assertThat(tally.isVoid()).isTrue();
  }

  @Test
  void aRunThatFoundNoConnectionIsVoid() {
    tally.sent(0, SECOND, SECOND);
    tally.notSent(0, SECOND);

    assertThat(tally.isVoid()).isTrue();
    assertThat(tally.reasons(0, 0)).isEqualTo(Map.of("no-connection", 1L));
  }

  @Test
  void everyLineOfTheReportIsOfItsKind() {
    tally.sent(0, SECOND, SECOND + 3 * MS);
    tally.answered(0, SECOND, SECOND + 40 * MS, 200, "");

    List<String> lines = LoadReport.lines(tally);

    // Two classes in four seconds and in two sections, and the run.
    assertThat(lines).hasSize(8 + 4 + 1);
    assertThat(lines.get(1))
        .isEqualTo(
            "{\"line\":\"second\",\"class\":\"urgent\",\"second\":1,\"offered\":1,\"goodput\":1,"
                + "\"good\":1,\"shed\":0,\"late\":0,\"timeout\":0,\"error\":0}");
    assertThat(lines.getLast()).contains("\"sent\":1,").endsWith("\"void\":false}");
  }

  private static Tally.Second second(long offered, long goodput, long good, long timeout) {
    return new Tally.Second(offered, goodput, List.of(good, 0L, 0L, timeout, 0L));
  }
}
