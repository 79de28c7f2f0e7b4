package triage.gateway;

import java.util.Locale;
import triage.identity.Caller;
import triage.identity.Role;
import triage.identity.TokenVerifier;
import triage.identity.Verification;

/// Who is calling, and whether they may: the second thing that is asked of a request, after the
/// front door.
///
/// **Threads**: safe for use by several threads.
final class Authentication {
  private final TokenVerifier tokens;
  private final ExchangeMeter meter;

  Authentication(TokenVerifier tokens, ExchangeMeter meter) {
    this.tokens = tokens;
    this.meter = meter;
  }

  /// Gives the caller of a request.
  ///
  /// @throws RefusedException 401 without a valid token
  Caller caller(Call call) throws RefusedException {
    if (call.hasSeveral("Authorization")) {
      meter.refusedCaller("malformed");
      throw new RefusedException(
          new Refusal(401, null, 0, "more than one Authorization header: send one"));
    }
    Caller known = PacedExchange.caller(call.request());
    if (known != null) {
      return known;
    }
    return switch (tokens.verify(call.header("Authorization"))) {
      case Verification.Verified(Caller caller) -> caller;
      case Verification.Refused refused -> {
        meter.refusedCaller(refused.cause().name().toLowerCase(Locale.ROOT));
        throw new RefusedException(new Refusal(401, null, 0, refused.detail()));
      }
    };
  }

  /// Lets pass who has the role.
  ///
  /// @throws RefusedException 403 for everybody else
  static void require(Caller caller, Role role) throws RefusedException {
    if (!caller.may(role)) {
      throw new RefusedException(
          new Refusal(
              403,
              null,
              0,
              "your token lacks the role `" + role.wire() + "`; ask the operator for one with it"));
    }
  }
}
