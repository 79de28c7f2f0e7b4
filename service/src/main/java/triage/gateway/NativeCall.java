package triage.gateway;

import java.util.List;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.server.Request;
import org.jspecify.annotations.Nullable;
import triage.admission.Criticality;
import triage.identity.Caller;

/// A request under `/api/v1` whose caller is known: what its resource needs beside path and body.
///
/// **Threads**: immutable; confined to the request's thread, but for what a watch runs.
public final class NativeCall {
  /// Under which attribute of the request it is found.
  public static final String ATTRIBUTE = "triage.call";

  private final Request request;
  private final Caller caller;
  private final long arrivedNanos;

  NativeCall(Request request, Caller caller, long arrivedNanos) {
    this.request = request;
    this.caller = caller;
    this.arrivedNanos = arrivedNanos;
  }

  /// Gives who calls.
  public Caller caller() {
    return caller;
  }

  /// Gives when the request came, on the monotonic clock.
  public long arrivedNanos() {
    return arrivedNanos;
  }

  /// Gives the value of a header, or `null`.
  public @Nullable String header(String name) {
    return request.getHeaders().get(name);
  }

  /// Gives the values of all headers of that name, in their order.
  public List<String> headers(String name) {
    return request.getHeaders().getFields(name).stream().map(HttpField::getValue).toList();
  }

  /// Gives how critical the request is: by its `Priority` header, no more than the caller may.
  public Criticality criticality() {
    return RequestHeaders.criticality(header("Priority"), caller.ceiling());
  }

  /// Tells whether the request came in by the share of the house that is kept for work that is
  /// answered later: then it must not wait for its result.
  public boolean isByReserve() {
    return request.getAttribute(FrontDoor.BY_RESERVE) != null;
  }

  /// Runs `onGone` once if the caller hangs up before the watch is closed. The body must have been
  /// read to its end.
  ///
  /// @param onGone must not block
  public Watch watch(Runnable onGone) {
    CallerWatch watch = CallerWatch.of(request, onGone);
    return () -> {
      var _ = watch.close();
    };
  }

  /// Gives back what the request has of that share, once what it does has a bound of its own. The
  /// rest of its body may then come at the pace of any other.
  public void leaveReserve() {
    if (request.getAttribute(FrontDoor.BY_RESERVE) instanceof IntakeShare.Place place) {
      place.giveBack();
    }
  }

  /// Runs something once the request is over, however it ended.
  ///
  /// @param then must not block
  public void whenOver(Runnable then) {
    Request.addCompletionListener(request, failure -> then.run());
  }

  /// The look-out for a caller.
  @FunctionalInterface
  public interface Watch extends AutoCloseable {
    /// Ends it.
    @Override
    void close();
  }
}
