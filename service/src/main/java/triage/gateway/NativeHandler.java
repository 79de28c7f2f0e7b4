package triage.gateway;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Objects;
import java.util.Optional;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.PreEncodedHttpField;
import org.eclipse.jetty.io.Content;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import triage.identity.Caller;

/// The paths of the application port that are not an inference protocol's: the OpenAPI document,
/// and `/api/v1`, whose resources stand behind it. Without a token nobody learns which is which.
///
/// **Threads**: safe for use by several threads.
final class NativeHandler {
  private static final HttpField EVENTS =
      new PreEncodedHttpField(HttpHeader.CONTENT_TYPE, "text/event-stream");
  private static final String DOCUMENT = "/triage/api/openapi.json";
  private static final String RESOURCES = "/api/v1/";

  private static final Logger LOG = LoggerFactory.getLogger(NativeHandler.class);

  private final Authentication authentication;
  private final EventStreams streams;
  private final byte[] document = read();

  NativeHandler(Authentication authentication, EventStreams streams) {
    this.authentication = authentication;
    this.streams = streams;
  }

  private static byte[] read() {
    try (InputStream stream = NativeHandler.class.getResourceAsStream(DOCUMENT)) {
      return Objects.requireNonNull(stream, DOCUMENT).readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Answers, or gives false for a path whose resource is to answer; it then finds its caller in
  /// the request, as a [NativeCall].
  boolean handle(Call call) throws RefusedException {
    Caller caller = authentication.caller(call);
    if (call.path().startsWith(RESOURCES)) {
      NativeCall known = new NativeCall(call.request(), caller, call.arrivedNanos());
      if (streams.has(call.path())) {
        stream(call, known);
        return true;
      }
      call.request().setAttribute(NativeCall.ATTRIBUTE, known);
      return false;
    }
    if (call.path().equals("/openapi.json")) {
      call.requireRead();
      call.answer(200, document);
      return true;
    }
    throw new RefusedException(
        new Refusal(
            404,
            null,
            0,
            "there is nothing at this path; models are under /v2 and /v1, jobs under /api/v1"));
  }

  private void stream(Call call, NativeCall known) throws RefusedException {
    call.requireRead();
    requireNoBody(call);
    call.response().getHeaders().put(HttpHeader.CACHE_CONTROL, "no-store");
    // Proxies that gather answers before they pass them on would keep events back.
    call.response().getHeaders().put("X-Accel-Buffering", "no");
    if (call.method().equals("HEAD")) {
      call.response().getHeaders().put(EVENTS);
      call.finish();
      return;
    }
    Optional<EventStreams.Opened> opened = streams.open(known, call.path());
    if (opened.isEmpty()) {
      call.response().setStatus(204);
      call.finish();
      return;
    }
    call.response().getHeaders().put(EVENTS);
    try {
      opened.get().writeTo(Content.Sink.asOutputStream(call.response()));
      call.finish();
    } catch (IOException e) {
      call.cutOff(e);
    } catch (RuntimeException e) {
      LOG.error("event=stream-failed", e);
      call.cutOff(e);
    }
  }

  /// Reads a body to its end, so that from then on the caller can be watched.
  private static void requireNoBody(Call call) throws RefusedException {
    try (InputStream body = Content.Source.asInputStream(call.request())) {
      if (body.read() < 0) {
        return;
      }
    } catch (IOException e) {
      throw new RefusedException(new Refusal(408, null, 0, "the body did not arrive whole"));
    }
    throw new RefusedException(Refusal.badRequest("this path takes no body; send none"));
  }
}
