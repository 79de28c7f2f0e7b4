package triage.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import triage.time.SettableTime;

class ConnectionPaceTest {
  private static final Duration HEADER = ConnectionSettings.DEFAULTS.headerTimeout();

  private final SettableTime time = new SettableTime(Instant.EPOCH);
  private final Pacer pacer =
      new Pacer(PaceSettings.DEFAULTS, ConnectionSettings.DEFAULTS, time, Runnable::run);
  private final AtomicInteger closed = new AtomicInteger();
  private final ConnectionPace pace = new ConnectionPace(pacer, closed::incrementAndGet);

  @AfterEach
  void close() {
    pacer.close();
  }

  @Test
  void givesUpAConnectionWhoseHeadersAreNotThereInTime() {
    pace.opened();
    assertLasts(HEADER);
    assertThat(pacer.slow(Slowness.HEADER)).isOne();
  }

  @Test
  void aByteNowAndThenBuysAFirstRequestNoTime() {
    pace.opened();
    after(HEADER.dividedBy(2));
    pace.begun();
    assertLasts(HEADER.dividedBy(2));
  }

  @Test
  void aLaterRequestHasItsOwnTimeFromItsFirstByte() {
    pace.opened();
    pace.begun();
    pace.headed();
    after(Duration.ofHours(1));
    pace.ended(RouteGroup.READS);
    after(Duration.ofSeconds(100));
    pace.begun();
    assertLasts(HEADER);
    assertThat(pacer.slow(Slowness.HEADER)).isOne();
  }

  @Test
  void keepsAnIdleConnectionAsLongAsItsLastRouteSays() {
    for (RouteGroup group : RouteGroup.values()) {
      ConnectionPace one = new ConnectionPace(pacer, closed::incrementAndGet);
      closed.set(0);
      one.opened();
      one.headed();
      one.ended(group);
      assertLasts(Duration.ofNanos(PaceSettings.DEFAULTS.of(group).keepAliveNanos()));
      one.closed();
    }
    assertThat(pacer.slow(Slowness.HEADER)).isZero();
    assertThat(pacer.watched()).isZero();
  }

  @Test
  void looksAfterNobodyWhoseConnectionIsClosed() {
    pace.opened();
    pace.closed();
    after(HEADER.multipliedBy(2));
    assertThat(closed).hasValue(0);
    assertThat(pacer.watched()).isZero();
  }

  private void assertLasts(Duration duration) {
    after(duration.minusMillis(1));
    assertThat(closed).hasValue(0);
    after(Duration.ofMillis(1));
    assertThat(closed).hasValue(1);
    after(duration);
    assertThat(closed).as("closed once").hasValue(1);
  }

  private void after(Duration duration) {
    time.advance(duration);
    pacer.check();
  }
}
