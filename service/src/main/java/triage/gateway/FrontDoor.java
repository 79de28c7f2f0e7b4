package triage.gateway;

import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Attributes;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;
import triage.admission.Reason;
import triage.identity.Caller;

/// The first handler of the server: refuses what this process cannot hold and, under pressure, what
/// it should not take in, before the body is read; sends the rest to a virtual thread of its own.
///
/// What is refused so, but is to be answered later and comes from a known caller, gets in by the
/// [IntakeShare]. It finds [#BY_RESERVE] in its request, and must not wait for its result.
///
/// Only requests on the application port count. Health paths and the admin port always pass: an
/// operator must be able to look at an instance that is full.
///
/// **Threads**: runs on Jetty's I/O threads and never blocks.
public final class FrontDoor extends Handler.Wrapper {
  /// The attribute of a request that came in by the reserved share.
  static final String BY_RESERVE = "triage.by-reserve";

  private static final long RETRY_NANOS = 1_000_000_000L;

  /// About as long as the door takes to open after a storm.
  private static final long PRESSURE_RETRY_NANOS = 2_000_000_000L;

  /// How many refusals of one connection are given in a row on the thread that selects; the next
  /// one is given on another: who sends request after request without waiting would have that
  /// thread for itself.
  static final int IN_PLACE_MAX = 16;

  /// The attribute of a connection that counts them. It is taken away when the thread that selects
  /// has turned to others meanwhile, as far as the connection knows.
  static final String IN_PLACE = "triage.refused-in-place";

  private static final String APPLICATION = "application";

  private final int inFlightMax;
  private final Executor executor;
  private final Doorkeeper doorkeeper;
  private final IntakeShare intake;
  private final Pacer pacer;
  private final RetryAfter retryAfter;
  private final Map<Dialect, PreparedRefusal> pressed = new EnumMap<>(Dialect.class);
  private final Map<Dialect, PreparedRefusal> draining = new EnumMap<>(Dialect.class);
  private final Map<Dialect, PreparedRefusal> intakeFull = new EnumMap<>(Dialect.class);
  private final AtomicInteger inFlight = new AtomicInteger();
  private final LongAdder refused = new LongAdder();
  private volatile boolean drain;

  /// Makes the door.
  ///
  /// @param inFlightMax how many requests may be inside at once
  /// @param executor runs each admitted request on a thread that may block
  /// @param doorkeeper who passes under pressure
  /// @param intake what is kept for work that is answered later
  /// @param pacer looks at the pace of callers
  /// @param seed of the spread of Retry-After
  public FrontDoor(
      int inFlightMax,
      Executor executor,
      Doorkeeper doorkeeper,
      IntakeShare intake,
      Pacer pacer,
      long seed) {
    this.inFlightMax = inFlightMax;
    this.executor = executor;
    this.doorkeeper = doorkeeper;
    this.intake = intake;
    this.pacer = pacer;
    this.retryAfter = new RetryAfter(seed);
    for (Dialect dialect : Dialect.values()) {
      pressed.put(
          dialect, new PreparedRefusal(dialect, Reason.SHED_PRESSURE, PRESSURE_RETRY_NANOS));
      draining.put(dialect, new PreparedRefusal(dialect, Reason.DRAINING, RETRY_NANOS));
      intakeFull.put(
          dialect, new PreparedRefusal(dialect, Reason.INTAKE_FULL, PRESSURE_RETRY_NANOS));
    }
  }

  /// Lets nobody new in from now on.
  public void drain() {
    drain = true;
  }

  /// Tells whether the door lets nobody new in.
  public boolean isDraining() {
    return drain;
  }

  /// Gives how many requests are inside.
  public int inFlight() {
    return inFlight.get();
  }

  /// Gives how many requests were refused since the start.
  public long refused() {
    return refused.sum();
  }

  @Override
  public InvocationType getInvocationType() {
    return InvocationType.NON_BLOCKING;
  }

  @Override
  public boolean handle(Request request, Response response, Callback callback) {
    if (!APPLICATION.equals(request.getConnectionMetaData().getConnector().getName())) {
      dispatch(request, response, callback);
      return true;
    }
    String path = request.getHttpURI().getPath();
    if (path != null && path.startsWith("/v2/health/")) {
      dispatch(new PacedExchange(pacer, request, response, callback));
      return true;
    }
    if (drain) {
      refuse(Reason.DRAINING, request, response, callback);
      return true;
    }
    Caller caller = doorkeeper.known(request);
    if (!doorkeeper.admits(caller, request)) {
      enterByReserve(caller, request, response, callback);
    } else if (inFlight.incrementAndGet() > inFlightMax) {
      inFlight.decrementAndGet();
      enterByReserve(caller, request, response, callback);
    } else {
      dispatch(new Visit(caller, request, response, callback, null));
    }
    return true;
  }

  /// Lets in what is to be answered later, as long as there is a place; sheds the rest.
  private void enterByReserve(
      @Nullable Caller caller, Request request, Response response, Callback callback) {
    Reason reason = Reason.SHED_PRESSURE;
    if (caller != null && intake.isFor(request, caller)) {
      if (intake.enter(
          caller.name(),
          RequestHeaders.criticality(request.getHeaders().get("Priority"), caller.ceiling()))) {
        inFlight.incrementAndGet();
        IntakeShare.Place place = new IntakeShare.Place(intake, caller.name());
        request.setAttribute(BY_RESERVE, place);
        dispatch(new Visit(caller, request, response, callback, place));
        return;
      }
      reason = Reason.INTAKE_FULL;
    }
    doorkeeper.shed(caller, request, reason);
    refuse(reason, request, response, callback);
  }

  private void refuse(Reason reason, Request request, Response response, Callback callback) {
    refused.increment();
    String path = request.getHttpURI().getPath();
    Dialect dialect = Dialect.of(path == null ? "/" : path);
    Map<Dialect, PreparedRefusal> answers =
        switch (reason) {
          case DRAINING -> draining;
          case INTAKE_FULL -> intakeFull;
          default -> pressed;
        };
    PreparedRefusal answer = Objects.requireNonNull(answers.get(dialect));
    if (isInPlace(request)) {
      refuse(answer, request, response, callback);
      return;
    }
    try {
      executor.execute(() -> refuse(answer, request, response, callback));
    } catch (RejectedExecutionException e) {
      refuse(answer, request, response, callback); // The threads have ended before the port.
    }
  }

  private static boolean isInPlace(Request request) {
    Attributes connection = request.getConnectionMetaData();
    int before = connection.getAttribute(IN_PLACE) instanceof Integer count ? count : 0;
    boolean inPlace = before < IN_PLACE_MAX;
    connection.setAttribute(IN_PLACE, inPlace ? before + 1 : 0);
    return inPlace;
  }

  private void refuse(
      PreparedRefusal answer, Request request, Response response, Callback callback) {
    if (UnreadBody.isRead(request)) {
      answer.write(response, retryAfter, callback);
      return;
    }
    PacedExchange exchange = new PacedExchange(pacer, request, response, callback);
    answer.write(response, retryAfter, UnreadBody.before(exchange.request(), response, exchange));
  }

  private void dispatch(PacedExchange exchange) {
    try {
      dispatch(exchange.request(), exchange.response(), exchange);
    } catch (RejectedExecutionException e) {
      exchange.failed(e); // The threads have ended before the port; it must be counted out.
    }
  }

  private void dispatch(Request request, Response response, Callback callback) {
    executor.execute(() -> {
      try {
        if (!super.handle(request, response, callback)) {
          Response.writeError(request, response, callback, 404);
        }
      } catch (Throwable e) {
        Response.writeError(request, response, callback, e);
      }
    });
  }

  /// An exchange that is inside: counts itself out when it is over, however it ends.
  private final class Visit extends PacedExchange {
    private final @Nullable Caller caller;
    private final IntakeShare.@Nullable Place place;

    /// @param caller who sends it, if that is known
    /// @param place what it has of the reserved share, if it came in by that
    private Visit(
        @Nullable Caller caller,
        Request request,
        Response response,
        Callback callback,
        IntakeShare.@Nullable Place place) {
      super(pacer, request, response, callback);
      this.caller = caller;
      this.place = place;
    }

    @Override
    @Nullable Caller caller() {
      return caller;
    }

    @Override
    void ended() {
      inFlight.decrementAndGet();
      if (place != null) {
        place.giveBack();
      }
    }

    @Override
    boolean isHurried() {
      return place != null && place.isHeld();
    }
  }
}
