package triage.identity;

/// The token secret cannot be read or made: one line that names the file and says what to do.
public final class TokenSecretException extends RuntimeException {
  private static final long serialVersionUID = 1;

  TokenSecretException(String message) {
    super(message);
  }

  TokenSecretException(String message, Throwable cause) {
    super(message, cause);
  }
}
