package triage.gateway;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Objects;
import triage.identity.Caller;

/// The paths of the application port that are not an inference protocol's: the OpenAPI document,
/// and `/api/v1`, whose resources stand behind it. Without a token nobody learns which is which.
///
/// **Threads**: safe for use by several threads.
final class NativeHandler {
  private static final String DOCUMENT = "/triage/api/openapi.json";
  private static final String RESOURCES = "/api/v1/";

  private final Authentication authentication;
  private final byte[] document = read();

  NativeHandler(Authentication authentication) {
    this.authentication = authentication;
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
}
