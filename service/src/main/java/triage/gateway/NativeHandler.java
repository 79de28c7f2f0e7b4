package triage.gateway;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Objects;

/// The paths of the application port that no dialect serves: the OpenAPI document, and nothing
/// else. Without a token nobody learns which is which.
///
/// **Threads**: safe for use by several threads.
final class NativeHandler {
  private static final String DOCUMENT = "/triage/api/openapi.json";

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

  void handle(Call call) throws RefusedException {
    authentication.caller(call);
    if (call.path().equals("/openapi.json")) {
      call.requireRead();
      call.answer(200, document);
      return;
    }
    throw new RefusedException(
        new Refusal(404, null, 0, "there is nothing at this path; models are under /v2 and /v1"));
  }
}
