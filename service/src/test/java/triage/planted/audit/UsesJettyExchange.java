package triage.planted.audit;

/// Breaks a rule: only gateway's exchanges use Jetty.
public final class UsesJettyExchange {
  /// Nothing.
  public org.eclipse.jetty.server.Request request;
}
