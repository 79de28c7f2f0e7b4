package triage.planted.app;

/// Breaks no rule: app may import every room and use every framework.
public final class Wiring {
  /// Nothing.
  public org.eclipse.jetty.server.Server server;

  /// Nothing.
  public triage.planted.store.Shelf shelf;

  /// Gives the wall clock.
  public java.time.InstantSource clock() {
    return java.time.InstantSource.system();
  }
}
