package triage.planted.gateway;

/// Breaks no rule: handlers use Jetty, and so does what they hold.
public final class UsesJettyHandler {
  /// Nothing.
  public static final class Inner {
    /// Nothing.
    public org.eclipse.jetty.server.Request request;
  }
}
