package triage.app;

/// A command line that cannot be understood: one line with what is wrong and what is expected.
final class UsageException extends RuntimeException {
  private static final long serialVersionUID = 1;

  UsageException(String message) {
    super(message);
  }
}
