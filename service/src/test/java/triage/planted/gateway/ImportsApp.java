package triage.planted.gateway;

/// Breaks the plan: no room imports app.
public final class ImportsApp {
  /// Nothing.
  public triage.planted.app.Wiring wiring;
}
