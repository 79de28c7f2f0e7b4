package triage.store;

/// A row that the store refuses, or that was still waiting when the writer closed.
public final class RowFailedException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  RowFailedException(String reason) {
    super(reason);
  }
}
