package triage.gateway;

/// Whether this instance takes requests: asked by health paths.
@FunctionalInterface
public interface Readiness {

  /// Tells whether a request that comes now is likely to be served.
  boolean isReady();
}
