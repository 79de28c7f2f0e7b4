package triage.planted.gateway;

/// Breaks no rule: gateway's exchanges use Jetty.
public final class HttpExchange {
  /// Nothing.
  public org.eclipse.jetty.server.Request request;
}
