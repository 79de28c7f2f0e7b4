package triage.gateway;

/// A request that cannot be served as it is; carries what the caller is told.
///
/// Thrown while a request is read, where every line may find a fault; it has no stack trace, since
/// it tells of the caller and not of a bug.
public final class RefusedException extends Exception {
  private static final long serialVersionUID = 1;

  private final transient Refusal refusal;

  /// Makes the exception.
  public RefusedException(Refusal refusal) {
    super(refusal.message(), null, false, false);
    this.refusal = refusal;
  }

  /// Gives what the caller is told.
  public Refusal refusal() {
    return refusal;
  }
}
