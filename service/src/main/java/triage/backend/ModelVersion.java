package triage.backend;

import java.util.List;

/// One version of a model: its backends behind its one gate.
///
/// @param name the model's name
/// @param settings its version and the bounds of a request
/// @param backends who serves it; the index is the lane at the gate
/// @param turnstile its gate
/// @param retries how many of its requests may be tried again
public record ModelVersion(
    String name,
    ModelSettings settings,
    List<Backend> backends,
    Turnstile turnstile,
    RetryBudget retries) {
  /// Copies the list.
  public ModelVersion {
    backends = List.copyOf(backends);
  }

  /// Gives the version's name.
  public String version() {
    return settings.version();
  }

  /// Tells whether it may be asked in this protocol. A model in process knows one only.
  public boolean speaks(Protocol protocol) {
    return settings.protocols().contains(protocol)
        && (protocol == Protocol.OIP
            || backends.stream().noneMatch(InProcessBackend.class::isInstance));
  }
}
