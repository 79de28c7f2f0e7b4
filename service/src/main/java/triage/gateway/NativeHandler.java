package triage.gateway;

/// Every path of the application port that no dialect serves: a caller with a token learns that
/// nothing is there, and nobody else learns anything.
///
/// **Threads**: safe for use by several threads.
final class NativeHandler {
  private final Authentication authentication;

  NativeHandler(Authentication authentication) {
    this.authentication = authentication;
  }

  void handle(Call call) throws RefusedException {
    authentication.caller(call);
    throw new RefusedException(
        new Refusal(404, null, 0, "there is nothing at this path; models are under /v2"));
  }
}
