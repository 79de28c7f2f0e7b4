package triage.gateway;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.BooleanSupplier;
import org.eclipse.jetty.http.HttpFields;
import org.jspecify.annotations.Nullable;
import triage.admission.Outcome;
import triage.backend.Hedging;
import triage.backend.HttpBackend;
import triage.backend.ModelVersion;
import triage.backend.Pass;
import triage.time.AlarmClock;

/// One request for an answer, and perhaps a second one beside it at another backend, because the
/// first has had no byte for longer than usual. Whose answer begins first gives it; the other one
/// is given up, and its permit comes back as given up, too.
///
/// A second one is sent at most once, before the first byte, out of the model's retry budget, and
/// only where another backend has room and nobody waits for it.
///
/// **Threads**: made and ended by the exchange's thread, which runs the first request; the second
/// has a thread of its own. What relays call may come from any.
final class Race {
  private final Passage passage;
  private final Permit permit;
  private final Body body;
  private final CompletableFuture<@Nullable Void> gone;
  private final BooleanSupplier secondTry;
  private final AlarmClock clock;
  private final InstantSource wallClock;
  private final Hedging hedging;
  private final long startedNanos;
  private volatile long dueNanos;
  private @Nullable Second second;

  @GuardedBy("this")
  private @Nullable HttpRelay winner;

  private final HttpBackend backend;
  private final HttpRelay one;

  @GuardedBy("this")
  private @Nullable HttpRelay other;

  @GuardedBy("this")
  private @Nullable HttpRelay failed;

  @GuardedBy("this")
  private boolean over;

  /// The second request, and how it will have ended.
  private record Second(HttpBackend backend, CompletableFuture<HttpRelay.Ending> ending) {}

  /// Makes a race that one request runs alone so far.
  ///
  /// @param backend whom the permit is for
  /// @param secondTry asked where it fails without another beside it: whether it will be tried
  ///     again
  /// @throws RefusedException 400 for a query that cannot be sent on
  Race(
      Passage passage,
      Permit permit,
      HttpBackend backend,
      Body body,
      CompletableFuture<@Nullable Void> gone,
      BooleanSupplier secondTry,
      AlarmClock clock,
      InstantSource wallClock)
      throws RefusedException {
    this.passage = passage;
    this.permit = permit;
    this.body = body;
    this.gone = gone;
    this.secondTry = secondTry;
    this.clock = clock;
    this.wallClock = wallClock;
    this.hedging = passage.model().hedging();
    this.startedNanos = clock.nanos();
    long delayNanos = body.isWhole() ? hedging.delayNanos() : Hedging.NEVER;
    this.dueNanos = delayNanos == Hedging.NEVER ? Hedging.NEVER : startedNanos + delayNanos;
    this.backend = backend;
    this.one = relay(permit.pass(), backend);
  }

  /// Tells whether the backend's breaker lets the first request go on. Then it must run.
  boolean begin() {
    return one.begin();
  }

  /// Runs the first request to its end, and the second one where there is one.
  HttpRelay.Ending run(Duration patience) {
    var _ = gone.thenRun(one::callerGone);
    HttpRelay.Ending ending;
    try {
      ending = one.relay(patience, passage.provenance(backend));
    } catch (RuntimeException e) {
      if (second == null || wins(one, 500)) {
        throw e;
      }
      ending = new HttpRelay.Ending(Outcome.ABANDONED, 0, false, 0, false);
    }
    permit.ended(ending.outcome(), ending.stalledNanos());
    Second beside = second;
    return beside == null || ending.answered() ? ending : runOn(ending, beside);
  }

  /// Waits for the second request, since the first one is over and has not answered.
  private HttpRelay.Ending runOn(HttpRelay.Ending ending, Second beside) {
    permit.close();
    HttpRelay.Ending besides = ended(beside);
    if (besides.answered()) {
      hedging.won();
      passage.answeredBy(beside.backend());
      return besides;
    }
    HttpRelay.Ending last = besides.again() ? ending : besides;
    return new HttpRelay.Ending(last.outcome(), last.status(), false, last.stalledNanos(), false);
  }

  private HttpRelay relay(Pass pass, HttpBackend asked) throws RefusedException {
    return new HttpRelay(passage, pass, asked, body, clock, wallClock, this);
  }

  private static HttpRelay.Ending ended(Second beside) {
    try {
      return beside.ending().join();
    } catch (CompletionException e) {
      return new HttpRelay.Ending(Outcome.FAILED, 0, false, 0, false);
    }
  }

  /// Gives in how many nanoseconds a second request is due; [Hedging#NEVER] if none is.
  long dueInNanos(long nowNanos) {
    long due = dueNanos;
    return due == Hedging.NEVER ? Hedging.NEVER : due - nowNanos;
  }

  /// Sends a second request, if it may be. For the exchange's thread.
  void hedge() {
    dueNanos = Hedging.NEVER;
    ModelVersion model = passage.model();
    Pass pass = new Pass(permit.pass());
    Permit beside = new Permit(model.turnstile(), pass);
    if (!beside.enterBeside()) {
      return;
    }
    boolean sent = false;
    try {
      sent = model.backends().get(pass.lane()) instanceof HttpBackend asked && send(asked, beside);
    } finally {
      if (!sent) {
        beside.close();
      }
    }
  }

  private boolean send(HttpBackend asked, Permit beside) {
    long now = clock.nanos();
    long leftNanos = beside.pass().deadlineNanos() - now;
    HttpRelay relay;
    try {
      relay = relay(beside.pass(), asked);
    } catch (RefusedException e) {
      return false;
    }
    // In this order: what a breaker refuses costs nothing, nor what comes too late.
    if (leftNanos <= 0 || !relay.begin()) {
      return false;
    }
    if (!joins(relay, now)) {
      relay.neverSent();
      return false;
    }
    hedging.sent();
    passage.hedged();
    HttpFields provenance = passage.provenance(asked);
    CompletableFuture<HttpRelay.Ending> ending = new CompletableFuture<>();
    second = new Second(asked, ending);
    var _ = gone.thenRun(relay::callerGone);
    Thread.ofVirtual()
        .name("hedge-" + asked.name())
        .start(() -> {
          try (beside) {
            HttpRelay.Ending how = relay.relay(Duration.ofNanos(leftNanos), provenance);
            beside.ended(how.outcome(), how.stalledNanos());
            ending.complete(how);
          } catch (RuntimeException | Error e) {
            lost(relay);
            ending.completeExceptionally(e);
          }
        });
    return true;
  }

  /// Makes this the request beside the first, unless it comes too late, or the retry budget, whose
  /// monitor is a leaf, has none. Nothing is decided between the look and the payment.
  private synchronized boolean joins(HttpRelay relay, long nowNanos) {
    if (over || winner != null || !passage.model().retries().take(nowNanos)) {
      return false;
    }
    other = relay;
    return true;
  }

  /// Tells whether this request may give the answer, which is about to begin; the other one then
  /// may not any more.
  boolean wins(HttpRelay relay, int status) {
    HttpRelay outrun;
    synchronized (this) {
      if (winner != null) {
        return winner == relay;
      }
      winner = relay;
      outrun = relay == one ? other : one;
    }
    if (status < 300) {
      hedging.began(clock.nanos() - startedNanos);
    }
    if (outrun != null) {
      outrun.outrun();
    }
    return true;
  }

  /// Tells whether a request that its backend has failed is left to another one: the one beside it,
  /// or a second try.
  boolean goesOn(HttpRelay relay) {
    synchronized (this) {
      over = true;
      if (other != null) {
        return leaves(relay);
      }
    }
    return secondTry.getAsBoolean();
  }

  /// Tells whether an answer that its backend should not have given is left to the request beside
  /// it. That alone costs no second try.
  synchronized boolean leavesToOther(HttpRelay relay) {
    return other != null && leaves(relay);
  }

  /// Notes that a request ended in a way that nobody foresaw: nothing is left to it any more.
  private synchronized void lost(HttpRelay relay) {
    var _ = leaves(relay);
  }

  @GuardedBy("this")
  private boolean leaves(HttpRelay relay) {
    boolean alone = failed != null && failed != relay;
    failed = failed == null ? relay : failed;
    return !alone;
  }
}
