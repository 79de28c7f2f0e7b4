package triage.identity;

/// What became of a token: a caller, or a refusal.
public sealed interface Verification {

  /// The token is good.
  ///
  /// @param caller whom it stands for
  record Verified(Caller caller) implements Verification {}

  /// The token is not good.
  ///
  /// @param cause which rule it breaks
  /// @param detail one line for the caller, saying what to do next; it holds nothing of the token
  ///   unless the token's signature is ours
  record Refused(Cause cause, String detail) implements Verification {}

  /// Why a token is refused.
  enum Cause {
    /// There is none.
    MISSING,
    /// It is no token, or one whose claims break our rules.
    MALFORMED,
    /// Its time is over.
    EXPIRED,
    /// Its time has not come.
    NOT_YET_VALID,
    /// Another secret signed it, or it is of another issuer or for another audience.
    FOREIGN,
    /// It is signed in another way than HS256, or not at all.
    UNSUPPORTED_ALGORITHM
  }
}
