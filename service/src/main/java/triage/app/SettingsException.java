package triage.app;

/// Settings that cannot be used: one line that names the file, the key's full path, the value and
/// the rule. The start stops with it.
public final class SettingsException extends RuntimeException {
  private static final long serialVersionUID = 1;

  SettingsException(String message) {
    super(message);
  }

  SettingsException(String message, Throwable cause) {
    super(message, cause);
  }
}
