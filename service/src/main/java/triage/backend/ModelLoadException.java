package triage.backend;

/// A model that cannot be served: the start stops with this message.
public final class ModelLoadException extends Exception {
  private static final long serialVersionUID = 1;

  /// Makes the exception.
  ///
  /// @param message one line for the operator: what is wrong and where
  public ModelLoadException(String message) {
    super(message);
  }
}
