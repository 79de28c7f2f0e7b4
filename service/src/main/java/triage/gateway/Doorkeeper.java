package triage.gateway;

import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.server.Request;
import org.jspecify.annotations.Nullable;
import triage.admission.DoorClass;
import triage.admission.DoorThreshold;
import triage.admission.Mode;
import triage.admission.Reason;
import triage.audit.AuditTrail;
import triage.identity.Caller;
import triage.identity.TokenVerifier;

/// Who passes the front door under pressure, and what is counted of those who do not.
///
/// A caller is known by its token, if that was verified before; nothing is verified here. Who is
/// not known is `UNVERIFIED`, whatever its `Priority` says, and shed first. Sheds go into the audit
/// trail as counts: under the caller's name, or as `unattributed`.
///
/// Its mode may be changed at any time. `off` decides nothing; `observe` decides and counts, and
/// sheds nobody.
///
/// **Threads**: safe for use by several threads, none of which ever blocks; [#regulate] is called
/// by one.
public final class Doorkeeper {
  private static final String UNATTRIBUTED = "unattributed";
  private static final String NO_MODEL = "none";
  private static final String MODELS = "/v2/models/";
  private static final long SECONDS_PER_HOUR = 3600;

  private final TokenVerifier tokens;
  private final AuditTrail audit;
  private final List<String> models;
  private final InstantSource wallClock;
  private final DoorThreshold threshold = new DoorThreshold();
  private final LongAdder[] shed = adders();
  private final LongAdder[] wouldShed = adders();
  private volatile Mode mode;

  /// Makes a doorkeeper that lets everybody pass until it is told of pressure.
  ///
  /// @param mode how far it acts at first
  /// @param tokens who is known
  /// @param audit where sheds are counted
  /// @param models the names that those counts tell apart
  /// @param wallClock for the hour, with which the order of callers changes
  public Doorkeeper(
      Mode mode,
      TokenVerifier tokens,
      AuditTrail audit,
      List<String> models,
      InstantSource wallClock) {
    this.mode = mode;
    this.tokens = tokens;
    this.audit = audit;
    this.models = List.copyOf(models);
    this.wallClock = wallClock;
  }

  private static LongAdder[] adders() {
    LongAdder[] adders = new LongAdder[DoorClass.values().length];
    for (int i = 0; i < adders.length; i++) {
      adders[i] = new LongAdder();
    }
    return adders;
  }

  /// Gives how far decisions are acted upon.
  public Mode mode() {
    return mode;
  }

  /// Sets how far decisions are acted upon, from the next request on.
  public void mode(Mode next) {
    mode = next;
  }

  /// Says what fraction of arrivals is to be shed; called each 100 ms.
  ///
  /// @param nowNanos by a clock that only runs forward
  public void regulate(double fraction, long nowNanos) {
    threshold.regulate(fraction, wallClock.instant().getEpochSecond() / SECONDS_PER_HOUR, nowNanos);
  }

  /// Gives how many requests of a class were shed for pressure, or because the house was full.
  public long shed(DoorClass kind) {
    return shed[kind.rank()].sum();
  }

  /// Gives how many requests of a class would have been shed in mode `enforce`.
  public long wouldShed(DoorClass kind) {
    return wouldShed[kind.rank()].sum();
  }

  /// Tells whether a request passes.
  ///
  /// @param caller who is [#known] to send it
  boolean admits(@Nullable Caller caller, Request request) {
    Mode acting = mode;
    if (acting == Mode.OFF) {
      return true;
    }
    DoorClass kind = kind(caller, request.getHeaders());
    if (threshold.admits(kind, caller == null ? 0 : caller.name().hashCode())) {
      return true;
    }
    if (acting == Mode.OBSERVE) {
      wouldShed[kind.rank()].increment();
      return true;
    }
    return false;
  }

  /// Gives who sends a request, if that is known here.
  @Nullable Caller known(Request request) {
    return CallersToken.known(request.getHeaders(), request.getConnectionMetaData(), tokens);
  }

  /// Counts a request that is not let in.
  void shed(@Nullable Caller caller, Request request, Reason reason) {
    shed[kind(caller, request.getHeaders()).rank()].increment();
    audit.shed(
        caller == null ? UNATTRIBUTED : caller.name(),
        null,
        modelIn(request.getHttpURI().getPath()),
        reason.wire());
  }

  private static DoorClass kind(@Nullable Caller caller, HttpFields headers) {
    return caller == null
        ? DoorClass.UNVERIFIED
        : DoorClass.of(RequestHeaders.criticality(headers.get("Priority"), caller.ceiling()));
  }

  /// Gives the model that a path names, of those there are: what a caller makes up is not told
  /// apart.
  private String modelIn(@Nullable String path) {
    if (path != null && path.startsWith(MODELS)) {
      for (String model : models) {
        int end = MODELS.length() + model.length();
        if (path.startsWith(model, MODELS.length())
            && (path.length() == end || path.charAt(end) == '/')) {
          return model;
        }
      }
    }
    return NO_MODEL;
  }
}
