package triage.store;

import org.jspecify.annotations.Nullable;

/// The store cannot be opened or migrated: the environment is broken, and an operator has to mend
/// it.
///
/// The message is one line that says what to do; it never holds a password.
public final class StoreException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  StoreException(String message) {
    this(message, null);
  }

  /// Makes the exception.
  ///
  /// @param message one line, free of values
  public StoreException(String message, @Nullable Throwable cause) {
    super(oneLine(message), cause);
  }

  /// Gives `text` with its line ends and what surrounds them turned into single blanks.
  static String oneLine(@Nullable String text) {
    return text == null ? "" : text.strip().replaceAll("\\s*\\R\\s*", " ");
  }
}
