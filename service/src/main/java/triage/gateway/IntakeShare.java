package triage.gateway;

import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.server.Request;
import triage.admission.Criticality;
import triage.identity.Caller;

/// The share of the house that is kept for work that is answered later: what the front door would
/// shed for pressure or want of room comes in here, if its caller is known and it ends with a 202.
///
/// Such a visit is short, since nobody waits for a model in it: it lasts as long as its body, which
/// must come within [PaceSettings#grace()], and a commit. A batch gives its place back once it has
/// a bound of its own. So a bound on how many are inside at once is one on the delay of commits,
/// and holds back no more than the store does. Of the places a fifth is kept for
/// [Criticality#CRITICAL_PLUS], and nobody has more than a quarter.
///
/// **Threads**: safe for use by several threads, none of which blocks here.
public final class IntakeShare {
  private static final String ANALYSES = "/api/v1/analyses";
  private static final String BATCHES = "/api/v1/batches";
  private static final String MODELS = "/v2/models/";
  private static final String INFER = "/infer";

  private final int places;
  private final Set<String> laterByDefault;
  private final LongAdder admitted = new LongAdder();
  private final SharedRoom room;

  /// Makes a share of which nobody has anything yet.
  ///
  /// @param places how many may be inside at once; 0: none is kept
  /// @param laterByDefault the callers whose analyses are answered later unless they say otherwise
  public IntakeShare(int places, Set<String> laterByDefault) {
    this.places = places;
    this.room = new SharedRoom(places, places - places / 5, Math.max(1, places / 4));
    this.laterByDefault = Set.copyOf(laterByDefault);
  }

  /// Tells whether a request is for work that is answered later.
  boolean isFor(Request request, Caller caller) {
    String path = request.getHttpURI().getPath();
    if (places == 0 || path == null || !request.getMethod().equals("POST")) {
      return false;
    }
    HttpFields headers = request.getHeaders();
    if (path.equals(ANALYSES)) {
      return headers.contains("Prefer")
          ? RequestHeaders.wantsAsync(headers.getCSV("Prefer", true))
          : laterByDefault.contains(caller.name());
    }
    return path.equals(BATCHES)
        || (path.startsWith(MODELS)
            && path.endsWith(INFER)
            && headers.contains("Prefer")
            && RequestHeaders.wantsAsync(headers.getCSV("Prefer", false)));
  }

  /// Takes a place, or says that there is none for this caller.
  boolean enter(String caller, Criticality criticality) {
    boolean entered = room.take(caller, criticality, 1) == SharedRoom.Answer.TAKEN;
    if (entered) {
      admitted.increment();
    }
    return entered;
  }

  /// Gives a place back.
  void leave(String caller) {
    room.giveBack(caller, 1);
  }

  /// A place that a request has until it is over, or gives it back before.
  ///
  /// **Threads**: safe for use by several threads.
  static final class Place {
    private final IntakeShare share;
    private final String caller;
    private final AtomicBoolean held = new AtomicBoolean(true);

    /// Makes the place of a caller that has entered.
    Place(IntakeShare share, String caller) {
      this.share = share;
      this.caller = caller;
    }

    boolean isHeld() {
      return held.get();
    }

    /// Gives it back, unless that was done.
    void giveBack() {
      if (held.compareAndSet(true, false)) {
        share.leave(caller);
      }
    }
  }

  /// Gives how many are inside by this share.
  public long inside() {
    return room.taken();
  }

  /// Gives how many came in by this share since the start.
  public long admitted() {
    return admitted.sum();
  }
}
