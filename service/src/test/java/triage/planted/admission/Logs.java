package triage.planted.admission;

import org.slf4j.Logger;

/// Breaks a rule: no log lines from the core.
public final class Logs {
  /// Nothing.
  public Logger log;
}
