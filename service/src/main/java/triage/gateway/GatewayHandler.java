package triage.gateway;

import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import triage.backend.InPlaceThreads;
import triage.time.MonotonicClock;

/// The application port: gives each request to the dialect of its path.
///
/// **Threads**: safe for use by several threads; each request on a virtual thread of its own, which
/// the front door has started.
public final class GatewayHandler extends Handler.Wrapper {
  private static final Logger LOG = LoggerFactory.getLogger(GatewayHandler.class);
  private static final String APPLICATION = "application";

  private final OipHandler oip;
  private final OpenAiHandler openAi;
  private final NativeHandler others;
  private final MonotonicClock clock;
  private final RetryAfter retryAfter;

  GatewayHandler(
      OipHandler oip, OpenAiHandler openAi, NativeHandler others, MonotonicClock clock, long seed) {
    this.oip = oip;
    this.openAi = openAi;
    this.others = others;
    this.clock = clock;
    this.retryAfter = new RetryAfter(seed);
  }

  @Override
  public boolean handle(Request request, Response response, Callback callback) throws Exception {
    if (!APPLICATION.equals(request.getConnectionMetaData().getConnector().getName())) {
      InPlaceThreads.leave();
      return super.handle(request, response, callback);
    }
    Call call = new Call(request, response, callback, retryAfter, clock.nanos());
    boolean handled = true;
    try {
      switch (call.dialect()) {
        case OIP -> oip.handle(call);
        case OPENAI -> openAi.handle(call);
        case NATIVE -> {
          InPlaceThreads.leave();
          handled = others.handle(call);
        }
      }
    } catch (RefusedException e) {
      call.refuse(e.refusal());
    } catch (RuntimeException e) {
      LOG.error("event=exchange-failed method={} dialect={}", call.method(), call.dialect(), e);
      call.refuse(new Refusal(500, null, 0, "something failed inside; the log tells what"));
    }
    return handled || super.handle(request, response, UnreadBody.after(request, callback));
  }
}
