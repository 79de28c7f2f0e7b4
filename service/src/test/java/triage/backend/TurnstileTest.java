package triage.backend;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import triage.admission.Criticality;
import triage.admission.GateSettings;
import triage.admission.LimitSettings;
import triage.admission.Outcome;
import triage.admission.Reason;
import triage.admission.Ticket;
import triage.time.SettableTime;

final class TurnstileTest {
  private final SettableTime time = new SettableTime(Instant.EPOCH);
  private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
  private final Turnstile turnstile =
      new Turnstile(new GateSettings(10), List.of(LimitSettings.fixed(1)), time, timer);

  @AfterEach
  void stop() {
    timer.shutdownNow();
  }

  @Test
  void aThreadThatIsInterruptedLeavesTheQueueAndStaysInterrupted() throws Exception {
    Pass holder = pass();
    turnstile.enter(holder);
    AtomicReference<Pass> waited = new AtomicReference<>();
    AtomicBoolean interrupted = new AtomicBoolean();
    CountDownLatch begun = new CountDownLatch(1);
    Thread waiter =
        Thread.ofVirtual()
            .start(() -> {
              Pass pass = pass();
              waited.set(pass);
              begun.countDown();
              turnstile.enter(pass);
              interrupted.set(Thread.currentThread().isInterrupted());
            });
    begun.await();
    waiter.interrupt();
    waiter.join();

    assertThat(waited.get().state()).isEqualTo(Ticket.State.WITHDRAWN);
    assertThat(interrupted).isTrue();
    assertThat(turnstile.snapshot().waitingTotal()).isZero();
    turnstile.leave(holder, Outcome.SERVED, 0);
    assertThat(turnstile.snapshot().lanes().getFirst().inFlight()).isZero();
  }

  @Test
  @Timeout(30)
  void whoWaitsForAPermitThatIsWithheldIsWokenWhenItIsFree() throws Exception {
    Pass served = pass();
    turnstile.enter(served);
    time.advance(Duration.ofMillis(20));
    turnstile.leave(served, Outcome.SERVED, 0);
    Pass refused = pass();
    turnstile.enter(refused);
    AtomicReference<Pass> waited = new AtomicReference<>();
    Thread waiter =
        Thread.ofVirtual()
            .start(() -> {
              waited.set(pass());
              turnstile.enter(waited.get());
            });
    while (turnstile.snapshot().waitingTotal() == 0) {
      Thread.onSpinWait();
    }

    turnstile.leave(refused, Outcome.OVERLOADED, 0);
    assertThat(waited.get().state()).isEqualTo(Ticket.State.WAITING);
    time.advance(Duration.ofMillis(20));
    waiter.join();

    assertThat(waited.get().state()).isEqualTo(Ticket.State.ADMITTED);
  }

  /// Jobs of even work that share a backend with others are spread out in time.
  @Test
  @Timeout(60)
  void aJobThatIsHeldBackIsWokenAlthoughNothingEnds() throws Exception {
    Turnstile shared =
        new Turnstile(new GateSettings(10), List.of(LimitSettings.selfTuning(4)), time, timer);
    int heldBack = 0;
    for (int round = 0; round < 40; round++) {
      Pass pressed = new Pass("t", Criticality.CRITICAL, time.nanos() + 10_000_000_000L);
      shared.enter(pressed);
      AtomicReference<Pass> job = new AtomicReference<>();
      Thread waiter =
          Thread.ofVirtual()
              .start(() -> {
                job.set(pass());
                shared.enter(job.get());
              });
      while (waiter.isAlive() && shared.snapshot().waitingTotal() == 0) {
        Thread.onSpinWait();
      }
      boolean waits = shared.snapshot().waitingTotal() > 0;
      if (waits) {
        shared.leave(pressed, Outcome.ABANDONED, 0);
        heldBack += shared.snapshot().waitingTotal();
      }
      time.advance(Duration.ofMillis(100));
      waiter.join();
      time.advance(Duration.ofMillis(waits ? 100 : 0));
      shared.leave(job.get(), Outcome.SERVED, 0);
      if (!waits) {
        shared.leave(pressed, Outcome.SERVED, 0);
      }
    }

    assertThat(heldBack).isPositive();
  }

  @Test
  void aCallerThatIsGoneBeforeItComesIsNotAdmitted() {
    Pass pass = pass();
    turnstile.withdraw(pass);
    turnstile.enter(pass);

    assertThat(pass.state()).isEqualTo(Ticket.State.WITHDRAWN);
    assertThat(pass.reason()).isEqualTo(Reason.CALLER_GONE);
    assertThat(turnstile.snapshot().lanes().getFirst().inFlight()).isZero();
  }

  private static Pass pass() {
    return new Pass("t", Criticality.CRITICAL, Ticket.NO_DEADLINE);
  }
}
