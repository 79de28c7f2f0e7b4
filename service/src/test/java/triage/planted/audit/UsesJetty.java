package triage.planted.audit;

/// Breaks a rule, and so does what it holds: Jetty out of its place.
public final class UsesJetty {
  /// Nothing.
  public org.eclipse.jetty.server.Request request;

  /// Nothing.
  public static final class Inner {
    /// Nothing.
    public org.eclipse.jetty.server.Request request;
  }
}
