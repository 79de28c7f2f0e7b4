package triage.backend;

import java.util.List;

/// One version of a model: its backends behind its one gate.
///
/// @param name the model's name
/// @param label its name in metrics, logs and tasks: the model's, and for another version than the
///     one that callers get who name none also the version's, as in `model@2`
/// @param settings its version and the bounds of a request
/// @param backends who serves it; the index is the lane at the gate
/// @param turnstile its gate
/// @param retries how many of its requests may be tried again, or hedged
/// @param hedging when a request is sent to a second backend, too
public record ModelVersion(
    String name,
    String label,
    ModelSettings settings,
    List<Backend> backends,
    Turnstile turnstile,
    RetryBudget retries,
    Hedging hedging) {
  /// Copies the list.
  public ModelVersion {
    backends = List.copyOf(backends);
  }

  /// Gives the path of the model at a backend under the Open Inference Protocol. A version is named
  /// there only where callers must name it, too.
  public String path() {
    return "/v2/models/" + name + (label.equals(name) ? "" : "/versions/" + version());
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
