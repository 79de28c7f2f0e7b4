package triage.analysis;

import java.time.InstantSource;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import triage.gateway.EventStreams;
import triage.gateway.NativeCall;
import triage.gateway.Refusal;
import triage.gateway.RefusedException;
import triage.identity.Caller;
import triage.identity.Role;
import triage.store.StoreException;
import triage.time.MonotonicClock;

/// Lets callers listen to what becomes of their jobs.
///
/// What a stream has told is named by the store, so that a reader can go on after it at any
/// instance.
///
/// **Threads**: safe for use by several threads, which it blocks.
final class Events implements EventStreams {
  private static final String ALL = "/api/v1/events";
  private static final Pattern ONE = Pattern.compile("/api/v1/jobs/([^/]{1,64})/events");
  private static final String LAST_EVENT_ID = "Last-Event-ID";
  private static final long SHARE_RETRY_NANOS = 5_000_000_000L;
  private static final long FULL_RETRY_NANOS = 2_000_000_000L;

  private final JobBook book;
  private final JobView view;
  private final EventSettings settings;
  private final MonotonicClock clock;
  private final InstantSource wallClock;

  Events(
      JobBook book,
      JobView view,
      EventSettings settings,
      MonotonicClock clock,
      InstantSource wallClock) {
    this.book = book;
    this.view = view;
    this.settings = settings;
    this.clock = clock;
    this.wallClock = wallClock;
  }

  @Override
  public boolean has(String path) {
    return path.equals(ALL) || ONE.matcher(path).matches();
  }

  @Override
  public Optional<Opened> open(NativeCall call, String path) throws RefusedException {
    try {
      Matcher one = ONE.matcher(path);
      return one.matches() ? of(call, one.group(1)) : Optional.of(all(call));
    } catch (StoreException e) {
      throw JobBook.intakeFull();
    }
  }

  /// Begins a stream of the changes of all jobs of the caller: from now on, or after the event of
  /// its `Last-Event-ID`.
  ///
  /// @throws RefusedException 400 if there is no such event, 429 or 503 if there is no room
  private Opened all(NativeCall call) throws RefusedException {
    Caller caller = call.caller();
    Analyses.require(caller, Role.READ);
    return begin(call, new CallerFeed(book.changes(), view, caller, place(call)));
  }

  /// Begins a stream of the changes of one job, to its end; nothing if that has been told.
  ///
  /// @throws RefusedException 404 if there is none of that name for this caller, and as [#all]
  private Optional<Opened> of(NativeCall call, String id) throws RefusedException {
    Analyses.require(call.caller(), Role.READ);
    Job job =
        book.changes()
            .find(Jobs.id(id))
            .filter(found -> view.isFor(call.caller(), found))
            .orElseThrow(Jobs::notThere);
    long revision = revision(call, job);
    if (revision == job.revision() && job.state().isFinal()) {
      return Optional.empty();
    }
    return Optional.of(begin(call, new JobFeed(book.changes(), view, job.id(), revision)));
  }

  private Opened begin(NativeCall call, Feed feed) throws RefusedException {
    Listeners.Place place = book.listeners().listen(call.caller().name());
    if (place.listener().isEmpty()) {
      throw new RefusedException(
          place.ownShare()
              ? new Refusal(
                  429,
                  "quota",
                  SHARE_RETRY_NANOS,
                  "you have "
                      + settings.perCallerMax()
                      + " streams of events open, the most; close one, or use one for all jobs")
              : new Refusal(
                  503,
                  "shed-pressure",
                  FULL_RETRY_NANOS,
                  "this instance has as many streams of events open as it may; try again after"
                      + " Retry-After"));
    }
    Listeners.Listener listener = place.listener().get();
    // However the request ends, also before the first byte.
    call.whenOver(listener::close);
    var _ = call.watch(listener::close);
    EventWriter writer =
        new EventWriter(
            new EventWriter.Parts(listener, feed, call.caller().expiry()),
            book.listeners(),
            settings,
            clock,
            wallClock);
    return writer::writeTo;
  }

  private ChangePosition place(NativeCall call) throws RefusedException {
    String last = last(call);
    ChangeDao.Horizon horizon = book.changes().horizon();
    if (last.isEmpty()) {
      return ChangePosition.before(horizon.settled());
    }
    // One that lies ahead comes from another store; waiting for it would leave out what comes.
    return ChangePosition.of(last)
        .filter(place -> place.transaction() <= horizon.ahead())
        .orElseThrow(Events::badId);
  }

  private static long revision(NativeCall call, Job job) throws RefusedException {
    String last = last(call);
    if (last.isEmpty()) {
      return 0;
    }
    if (!last.matches("[0-9]{1,18}") || Long.parseLong(last) > job.revision()) {
      throw badId();
    }
    return Long.parseLong(last);
  }

  private static String last(NativeCall call) {
    String last = call.header(LAST_EVENT_ID);
    return last == null ? "" : last.strip();
  }

  private static RefusedException badId() {
    return new RefusedException(
        Refusal.badRequest(
            "Last-Event-ID: not of this stream (expected: the id of one of its events); leave it"
                + " out to begin with what is now"));
  }
}
