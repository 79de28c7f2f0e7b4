package triage.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import triage.time.SettableTime;

class HandshakePaceTest {
  private static final Duration HEADER = ConnectionSettings.DEFAULTS.headerTimeout();

  private final SettableTime time = new SettableTime(Instant.EPOCH);
  private final Pacer pacer =
      new Pacer(PaceSettings.DEFAULTS, ConnectionSettings.DEFAULTS, time, Runnable::run);
  private final AtomicInteger closed = new AtomicInteger();
  private boolean over;

  @BeforeEach
  void open() {
    pacer.add(new HandshakePace(pacer, () -> over, closed::incrementAndGet));
  }

  @AfterEach
  void close() {
    pacer.close();
  }

  @Test
  void givesUpWhoDoesNotAgreeInTime() {
    after(HEADER.minusMillis(1));
    assertThat(closed).hasValue(0);
    after(Duration.ofMillis(1));
    assertThat(closed).hasValue(1);
    assertThat(pacer.slow(Slowness.HANDSHAKE)).isOne();
    after(HEADER);
    assertThat(closed).as("closed once").hasValue(1);
    assertThat(pacer.watched()).isZero();
  }

  @Test
  void looksAfterNobodyWhoHasAgreed() {
    over = true;
    after(HEADER);
    assertThat(closed).hasValue(0);
    assertThat(pacer.slow(Slowness.HANDSHAKE)).isZero();
    assertThat(pacer.watched()).isZero();
  }

  private void after(Duration duration) {
    time.advance(duration);
    pacer.check();
  }
}
