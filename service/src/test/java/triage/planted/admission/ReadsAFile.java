package triage.planted.admission;

import java.nio.file.Path;

/// Breaks a rule: no I/O in the core.
public final class ReadsAFile {
  /// Nothing.
  public Path path;
}
