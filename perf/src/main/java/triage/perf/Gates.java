package triage.perf;

import java.util.List;
import triage.admission.Criticality;
import triage.admission.Gate;
import triage.admission.GateSettings;
import triage.admission.LimitSettings;
import triage.admission.Ticket;
import triage.admission.Verdict;
import triage.backend.Pass;
import triage.backend.Turnstile;
import triage.backend.Turnstiles;

/// What the micro-benchmarks measure: gates and turnstiles with room, and full ones.
///
/// **Threads**: has no state.
final class Gates {
  private static final String TENANT = "tenant";
  private static final int WAITING_MAX = 1_000;
  private static final int LIMIT = 64;

  private Gates() {}

  static Gate selfTuning() {
    return gate(WAITING_MAX, LimitSettings.selfTuning(LIMIT));
  }

  static Gate fixed() {
    return gate(WAITING_MAX, LimitSettings.fixed(LIMIT));
  }

  static Gate full() {
    Gate gate = gate(1, LimitSettings.fixed(1));
    require(gate.offer(ticket(), 0), Verdict.ADMITTED);
    require(gate.offer(ticket(), 0), Verdict.WAITING);
    return gate;
  }

  static Turnstile selfTuningTurnstile() {
    return Turnstiles.of(WAITING_MAX, LimitSettings.selfTuning(LIMIT));
  }

  static Turnstile fixedTurnstile() {
    return Turnstiles.of(WAITING_MAX, LimitSettings.fixed(LIMIT));
  }

  /// Gives a turnstile at which one thread waits until the permit of `held` is given back.
  static Turnstile fullTurnstile(Pass held) {
    Turnstile turnstile = Turnstiles.of(1, LimitSettings.fixed(1));
    turnstile.enter(held);
    Thread.ofVirtual().start(() -> turnstile.enter(pass()));
    while (turnstile.snapshot().waitingTotal() == 0) {
      Thread.onSpinWait();
    }
    return turnstile;
  }

  static Ticket ticket() {
    return new Ticket(TENANT, Criticality.CRITICAL, Ticket.NO_DEADLINE);
  }

  static Pass pass() {
    return new Pass(TENANT, Criticality.CRITICAL, Ticket.NO_DEADLINE);
  }

  private static Gate gate(int waitingMax, LimitSettings limit) {
    return new Gate(new GateSettings(waitingMax), List.of(limit));
  }

  private static void require(Verdict verdict, Verdict expected) {
    if (verdict != expected) {
      throw new IllegalStateException(verdict + " (expected: " + expected + ")");
    }
  }
}
